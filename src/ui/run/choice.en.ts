import { words } from '../messages/words.ts';

/** Why nothing is run. */
export const choiceWords = words('choice', {
  nothingChosen: (query: string) =>
    `No check matches “${query}”, so nothing ran: the details tell why.`,
});

import { words } from '../messages/words.ts';

/** What the runs that are kept on this device refuse. */
export const historyWords = words('history', {
  runGone: (id: string) => `The run ${id} is not kept here any more: choose another one.`,
});

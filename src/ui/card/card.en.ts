import { units } from '../messages/units.en.ts';
import { words } from '../messages/words.ts';

/** The result as a picture. */
export const cardWords = words('card', {
  title: 'A picture for a chat',
  save: 'Save the card',
  copy: 'Copy the card',
  refused: 'The browser does not let the page copy a picture: save it instead.',
  takes: 'Memory that fine-tuning in 4 bits takes, by size of the model',
  checks: (checks: number) =>
    `${units.count(checks, { one: 'check', other: 'checks' })}, a square each`,
  more: (more: number) => `and ${units.number(more)} more`,
});

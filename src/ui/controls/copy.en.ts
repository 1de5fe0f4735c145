import { words } from '../messages/words.ts';

/** What a button that copies says. */
export const copyWords = words('copy', {
  copied: 'Copied.',
});

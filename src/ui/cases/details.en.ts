import { words } from '../messages/words.ts';

/** Everything behind the answer. */
export const detailsWords = words('details', {
  title: 'Details',
  find: 'Choose checks in the details',
});

import { words } from '../messages/words.ts';

/** What can be done with a report. */
export const actionsWords = words('actions', {
  share: 'Share…',
  saveReport: 'Save report',
  compareRun: 'Compare…',
});

import { words } from '../messages/words.ts';

/** What can be done with a report. */
export const actionsWords = words('actions', {
  copyLink: 'Copy link…',
  saveReport: 'Save report',
  compareRun: 'Compare…',
});

import { units } from '../messages/units.en.ts';
import { words } from '../messages/words.ts';

const { count, number, bytes } = units;

/** The list of the runs that are kept on this device. */
export const runsWords = words('runs', {
  runs: 'Runs on this device',
  runsLead: (limit: number, size: number) =>
    `Each run of this page is kept here when it ends, and nowhere else. At most ${number(limit)} runs or ${bytes(size)} are kept; the oldest go first.`,
  notLasting:
    'This browser does not keep every run of this page (a private window, or its storage is blocked or full): what it refused is remembered until the page is closed. Save what you need.',
  noRuns: 'No run is kept yet.',
  makeRun: 'Check this computer',
  size: (runs: number, size: number) =>
    `${count(runs, { one: 'run', other: 'runs' })}, ${bytes(size)}`,
  saveRun: 'Save report',
  remove: 'Delete',
  removed: (when: string) => `The run of ${when} was deleted.`,
  removeAll: 'Delete all…',
  confirmAll: (runs: number) => `Delete ${count(runs, { one: 'run', other: 'runs' })} for good?`,
  confirm: 'Delete',
  cancel: 'Keep them',
  exportAll: 'Export all',
  importRuns: 'Import runs or reports',
  imported: (taken: number, known: number, tooOld: number) =>
    `${[
      `${count(taken, { one: 'run was', other: 'runs were' })} taken in`,
      ...(known > 0 ? [`${number(known)} were here already`] : []),
      ...(tooOld > 0 ? [`${number(tooOld)} are older than all that there is room for`] : []),
    ].join(', ')}.`,
  bench: 'bench',
  runOf: (when: string) => `Run of ${when}`,
});

import type { ChangeKind } from '../../report/compare/compare.ts';
import type { DifferenceKind } from '../../report/compare/differences.ts';
import { units } from '../messages/units.en.ts';
import { words } from '../messages/words.ts';
import type { Side } from './side.ts';

const { count, number } = units;

const sides: Readonly<Record<Side, string>> = { before: 'Result A', after: 'Result B' };
const setAs: typeof sides = { before: 'Set as A', after: 'Set as B' };

const kinds: Readonly<Record<ChangeKind, string>> = {
  'newly-wrong': 'newly wrong',
  'newly-right': 'newly right',
  'other-status': 'another verdict',
  'only-before': 'only in A',
  'only-after': 'only in B',
  finding: 'another finding',
  slower: 'slower',
  faster: 'faster',
  accuracy: 'another share of the bound',
};

const differences: Readonly<Record<DifferenceKind, string>> = {
  kind: 'What was done',
  version: 'Gradproof',
  plan: 'List of checks',
  tier: 'How much',
  filters: 'Which checks',
  shard: 'Part',
  seed: 'Seed',
  timeout: 'Time limit',
  options: 'How it was timed',
  complete: 'Finished',
  adapter: 'Graphics adapter',
  runtime: 'Browser or runtime',
  os: 'Operating system',
  cores: 'Cores',
  features: 'Features',
  arithmetic: 'Arithmetic',
  kernels: 'Kernels that ran in one alone',
};

const checks = (amount: number) => count(amount, { one: 'check', other: 'checks' });
const are = (amount: number) => `${checks(amount)} ${amount === 1 ? 'is' : 'are'}`;

/** Two results side by side, the runs that are kept, and the baselines. */
export const compareWords = words('compare', {
  title: 'Compare two results',
  lead: 'What changed between two runs: kept on this device, from a link, from a report file, or a baseline that ships with this page.',
  sides,
  /** On a button beside a result. */
  setAs,
  choose: 'Choose a run',
  chooseFirst: 'Choose…',
  kept: 'Kept on this device',
  baselines: 'Baselines',
  paste: 'or paste a link',
  read: 'Read it',
  file: 'or choose a report file',
  another: 'Choose another',
  swap: 'Swap them',
  reading: 'Reading…',
  refused: 'This result cannot be read.',
  fromLink: 'from a link',
  processor: (chip: string) => `${chip}, a processor`,
  tally: (right: number, wrong: number, skipped: number) =>
    [
      `${number(right)} right`,
      ...(wrong > 0 ? [`${number(wrong)} wrong`] : []),
      ...(skipped > 0 ? [`${number(skipped)} skipped`] : []),
    ].join(', '),
  waiting: 'Choose two results, and what changed is shown here.',

  outcome: 'What changed',
  nothingShared: 'These two results have no check in common.',
  newlyWrong: (amount: number) => `${are(amount)} newly wrong.`,
  newlyRight: (amount: number) => `${are(amount)} newly right.`,
  alsoRight: (amount: number) => `${are(amount)} newly right.`,
  unchanged: 'No verdict changed.',
  othersChanged: (amount: number) => `None is newly wrong; ${checks(amount)} changed otherwise.`,
  onlyIn: (before: number, after: number) =>
    `${are(before)} only in A, ${number(after)} only in B: not run there, or not in its list of checks.`,
  inBoth: (inBoth: number, passing: number) =>
    `${are(inBoth)} in both results, ${number(passing)} of them right in both.`,
  nameless: (amount: number) =>
    `A link only counts what is in no list of checks: ${number(amount)} of its results cannot be compared.`,
  untimed: 'No time was measured with its spread in both, so nothing is said about speed.',
  timed: (slower: number, faster: number, timed: number) =>
    `${number(slower)} slower and ${number(faster)} faster of ${number(timed)} that were timed in both: said only where the intervals of both times do not overlap.`,

  around: 'Not the same around them',
  aroundColumns: ['A', 'B'],
  differences,
  none: 'none',
  /** Whether a run came to its end. */
  endings: { complete: 'yes', unfinished: 'no' },
  /** What it means that nothing is set. */
  unset: { filters: 'all', timeout: 'its own for each check', options: 'as usual' },

  changes: 'Changes',
  noChanges: 'No check changed.',
  noneMatches: 'No change matches.',
  all: 'all changes',
  withoutAccuracy: 'all but shares of the bound',
  filter: 'Only checks whose name has',
  kinds,
  changed: (amount: number) => count(amount, { one: 'change', other: 'changes' }),
  copy: 'Copy as text',
  copied: 'Copied.',
  save: 'Save as text',
  first: 'A',
  second: 'B',
  missing: 'not there',
  to: 'then',
  reason: 'Why',
  finding: 'Finding',
  boundUsed: 'Bound used',
  beyond: 'far beyond it',
  time: 'Time',
  interval: (low: string, high: string) => `between ${low} and ${high}`,
  noInterval: 'without its spread, so not judged',
  backend: 'Computed by',
  took: (duration: string) => `took ${duration}`,
});

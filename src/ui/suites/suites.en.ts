import type { Did } from '../../catalog/rows.ts';
import { units } from '../messages/units.en.ts';
import { words } from '../messages/words.ts';
import type { RowState } from './suite-rows.ts';

const { count, number } = units;
const tests = (all: number) => count(all, { one: 'test', other: 'tests' });

const states: Readonly<Record<RowState, string>> = {
  right: 'right',
  wrong: 'wrong',
  partly: 'in part',
  skipped: 'skipped',
  'not-run': 'not run',
  planned: 'planned',
};

/** What an original test did: in the list, and in a sentence. */
const did: Readonly<Record<Did, readonly [short: string, sentence: string]>> = {
  mock: ['passed on a mock', 'What it was to test was replaced by a mock.'],
  skipped: ['did not run', 'It was skipped, or ended before it asserted anything.'],
  nothing: ['asserted nothing', 'It asserted nothing that could be false.'],
  shape: ['asserted a shape', 'It asserted shapes, or that something is there, and no values.'],
  text: ['searched text', 'It searched the text of generated code, and did not run it.'],
  loose: ['asserted loosely', 'What it asserted holds of many wrong results, too.'],
  real: ['asserted values', 'It asserted something of real results.'],
  named: ['only named', 'Documents or code name it; the suite had no test of it.'],
};

/** The three original suites, test by test. */
export const suitesWords = words('suites', {
  title: 'The original tests, one by one',
  lead: 'This project began with three test suites. Here is each of their tests: what it did there, what is asserted here clause by clause, and its result in this run.',
  reading: 'Reading the tests and the checks…',
  totals: (all: number, covered: number, partly: number, planned: number) =>
    `${tests(all)}: ${number(covered)} asserted in full, ${number(partly)} in part, ${number(planned)} planned.`,
  nothingRan: {
    before: 'Nothing has run yet: ',
    link: 'run the checks',
    after: ', and the results stand here.',
  },
  right:
    'A test is right when every clause has a check that is right in this run, and none is wrong.',
  suites: {
    fsdp: 'FSDP and QLoRA',
    tb: 'Transformer Builder',
    triton: 'Ternary language on Triton',
  } as Readonly<Record<string, string>>,
  counts: (suite: string) => `How the tests of ${suite} stand`,
  states,
  /** "12 right". */
  counted: (all: number, state: RowState) => `${number(all)} ${states[state]}`,
  did,
  /** Beside how the test stands here. */
  didThere: (did: string) => `there: ${did}`,
  filter: {
    suite: 'Suite',
    allSuites: 'all three',
    state: 'State',
    allStates: 'all states',
    text: 'Words',
    placeholder: 'a name, an id, a word of a clause',
  },
  found: (found: number, all: number) => `${number(found)} of ${tests(all)} shown.`,
  openAll: 'Open all',
  closeAll: 'Close all',
  unknownRow: (id: string) => `The link points at ${id}, and there is no test of that id here.`,
  there: 'There',
  here: 'Here',
  sameAs: 'Asserts the same as',
  needs: 'Needs',
  clauses: 'Clause by clause',
  whole: 'All clauses at once',
  copyLink: 'Copy link',
  redControl: 'was seen to fail when',
  greenControl: 'its planted fault was not noticed',
  kinds: { page: 'test of the page', command: 'test of the command line', repository: 'test' },
  noReport: 'no report of tests is open',
  notInReport: 'not in the report',
  report: {
    title: 'Results of tests of page, command line and repository',
    choose: 'A report that npm test -- --report FILE wrote; it can be dropped on the page, too',
    shown: (name: string, when: string) =>
      `Results of tests of page, command line and repository: ${name}, ${when}.`,
    /** So many results are of tests that covered rows when the report was made. */
    unknown: (count: number) => `Not in this version, and so not shown: ${tests(count)}.`,
    forget: 'Close it',
  },
});

import type { TestOutcome } from './outcome.ts';

/** A test, by where it stands. */
export type Tested = Pick<TestOutcome, 'file' | 'title'>;

/** The outcomes of a test: several where it ran for several values or runtimes. */
export function outcomesOf(test: Tested, outcomes: readonly TestOutcome[]): readonly TestOutcome[] {
  return outcomes.filter(({ file, title }) => file === test.file && title === test.title);
}

/** How a test ended, as the worst of its outcomes did; undefined where it did not run. */
export function endingOf(test: Tested, outcomes: readonly TestOutcome[]): TestOutcome | undefined {
  const own = outcomesOf(test, outcomes);
  return own.length > 0 ? together(own) : undefined;
}

const WORST_FIRST = ['fail', 'timeout', 'skip', 'pass'] as const;

function together(outcomes: readonly TestOutcome[]): TestOutcome {
  const place = ({ status }: TestOutcome) => WORST_FIRST.indexOf(status);
  const [worst] = outcomes.toSorted((a, b) => place(a) - place(b));
  const sum = (of: (outcome: TestOutcome) => number) =>
    outcomes.reduce((all, outcome) => all + of(outcome), 0);
  return {
    ...(worst as TestOutcome),
    durationMs: sum(({ durationMs }) => durationMs),
    attempts: Math.max(...outcomes.map(({ attempts }) => attempts)),
    assertions: sum(({ assertions }) => assertions),
    endpoints: [...new Set(outcomes.flatMap(({ endpoints = [] }) => endpoints))].sort(),
  };
}

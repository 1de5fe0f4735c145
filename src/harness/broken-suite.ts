import { type Case, caseId, SuiteError } from '../testing/suite.ts';

/** A file of suites that cannot be loaded. */
export interface BrokenSuite {
  /** From the root of the checkout: `suites/train/trainer.suite.ts`. */
  readonly file: string;
  /** What is wrong, and what was expected. */
  readonly message: string;
  /** What was thrown; its stack, or that of its cause, leads to the line. */
  readonly error: unknown;
}

const SUITE = 'suites.broken';
const TIMEOUT_MS = 10_000;

/** The case that stands in the plan for the cases of a broken file: it ends with an error. */
export function brokenSuiteCase({ file, message }: BrokenSuite): Case {
  return {
    id: caseId(SUITE, file, {}),
    suite: SUITE,
    backend: 'webgpu',
    tier: 'quick',
    covers: [],
    description: 'Stands for the cases of a file that cannot be loaded.',
    needs: [],
    timeoutMs: TIMEOUT_MS,
    control: { name: 'none: nothing of the file can run', faults: [] },
    injects: [],
    run: async () => {
      throw new SuiteError(`${file}: ${message}`);
    },
  };
}

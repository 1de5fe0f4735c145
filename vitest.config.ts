import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import base from './vite.config.ts';

/** Files that take longest, the longest first: they wait for devices, or build a copy of the tree. */
const LONGEST = [
  'scattered-faults.gpu.test.ts',
  'recipe/format.test.ts',
  'harness/runner.test.ts',
  '/faults.gpu.test.ts',
  'recipe/suite.test.ts',
  'recipe/op.test.ts',
];

/** Begins with the files that take longest, so that none of them is left for the end. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const found = LONGEST.findIndex((end) => moduleId.endsWith(end));
      return found < 0 ? LONGEST.length : found;
    };
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b));
  }
}

/**
 * Unit tests: beside what they test, in Node; those of `*.gpu.test.ts` on a browser's software
 * adapter.
 */
export default defineConfig((env) => ({
  ...base({ ...env, mode: 'node' }),
  test: {
    include: ['src/**/*.test.ts', 'scripts/**/*.test.ts', 'suites/**/*.test.ts'],
    setupFiles: ['scripts/test/count-assertions.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // One more than there are cores: much of the longest files is spent waiting.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: LongestFirst },
  },
}));

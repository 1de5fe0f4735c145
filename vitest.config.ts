import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import base from './vite.config.ts';

/** What waits for devices, and then what one core computes for over half a minute. */
const LONGEST = [
  /faults\.gpu(\.full)?\.test\.ts$/,
  /\.full\.test\.ts$/,
  /(bounds|power|runner)\.test\.ts$/,
];

/** Percent of the lines that unit tests must run, of what needs neither a device nor a page. */
const LEAST_COVERED = {
  ...{ formats: 95, graph: 95, quant: 95, tensor: 95 },
  ...{ data: 90, report: 90, vocabulary: 85 },
};

/** Begins with what takes longest, so that the rest is computed meanwhile. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const kind = LONGEST.findIndex((pattern) => pattern.test(moduleId));
      return kind < 0 ? LONGEST.length : kind;
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
    include: ['{src,scripts,suites}/**/*.test.ts', 'bench/{contender,ort}/**/*.test.ts'],
    setupFiles: ['scripts/test/count-assertions.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Files of a worker share what they import, which is half of the time of the others: `vi.mock`
    // meets what is loaded already, so tests spy on methods instead.
    isolate: false,
    // One more than there are cores, since the files that begin first do little but wait.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: LongestFirst },
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      exclude: ['**/*.test.ts', '**/fixtures/**', '**/*.d.ts'],
      reporter: ['text-summary', 'json-summary', 'lcovonly', 'cobertura', 'html'],
      reportsDirectory: 'test-results/coverage',
      thresholds: Object.fromEntries(
        Object.entries(LEAST_COVERED).map(([folder, lines]) => [`src/${folder}/**`, { lines }]),
      ),
    },
  },
}));

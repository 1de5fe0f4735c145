import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import base from './vite.config.ts';

/** Begins with what waits for devices, so that the rest is computed meanwhile. */
class WaitingFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const waits = ({ moduleId }: TestSpecification) => moduleId.endsWith('faults.gpu.test.ts');
    return [...sorted.filter(waits), ...sorted.filter((file) => !waits(file))];
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
    sequence: { sequencer: WaitingFirst },
  },
}));

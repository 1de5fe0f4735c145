import { describe, expect, test } from 'vitest';
import { covers } from '../../catalog/covers.ts';
import type { CaseResult } from '../../report/schema.ts';
import { RUNTIME_NAMES, runtimeWithFaults } from './fixtures/faults.ts';

/**
 * Faults produced for real, in a browser and in child processes of Node: each costs its own case
 * and no other.
 */

/** How each fault ends: status, code, and what the reason says. */
const ENDS: Readonly<
  Record<string, readonly [status: CaseResult['status'], code: string, reason: RegExp]>
> = {
  'device-destroyed': ['lost', 'device-destroyed', /destroyed.*the case itself/],
  'gpu-process-crashed': ['lost', 'device-lost', /run it again/],
  'out-of-memory': ['error', 'out-of-memory', /close what else uses the GPU/],
  'validation-error': ['error', 'gpu-validation', /report it/],
  'endless-shader': ['timeout', 'timeout', /no result within 1500 ms: run it alone/],
  'worker-throws': ['lost', 'worker-threw', /thrown outside of the case: run it alone/],
  'worker-silent': ['timeout', 'timeout', /run it alone/],
  'worker-busy': ['timeout', 'timeout', /run it alone/],
  'adapter-silent': ['error', 'adapter-timeout', /restart the browser/],
  'scopes-silent': ['error', 'scope-timeout', /run the case again/],
};

/** Without another crash process than the worker itself, the whole worker dies of it. */
const ENDS_IN_NODE: typeof ENDS = {
  ...ENDS,
  'gpu-process-crashed': ['lost', 'worker-died', /SIGSEGV: run it alone/],
  'adapter-silent': ['error', 'adapter-timeout', /restart the program/],
};

// Most of the time is spent waiting for what never answers, so both runtimes wait together.
describe.concurrent.each(RUNTIME_NAMES)('in %s', (name) => {
  const run = runtimeWithFaults(name, 'faults');
  const ends = name === 'node' ? ENDS_IN_NODE : ENDS;

  test(
    'each fault gives its own status with code, reason and next action, and the rest is right',
    covers(
      'tb.utilities.timeout/next-rows-unaffected',
      'tb.utilities.timeout/headless-gpu-crash',
      'fsdp.backend.graceful-unavailable/remaining-rows-run',
      'triton.utilities.fixture-device/replaced-after-loss',
    ).control('a worker that is gone has no successor', {
      file: 'src/harness/runner/run.ts',
      from: 'return this.#restartWorker(worker);',
      to: 'return undefined;',
    }),
    async () => {
      const report = await run({ filters: ['faulty:*;n=0', 'sound:*'] });
      const found = report.results.filter(({ suite }) => suite === 'faulty');
      expect(found).toHaveLength(Object.keys(ends).length);
      for (const { id, status, error } of found) {
        const [wanted, code, reason] = ends[/:(.*);/.exec(id)?.[1] ?? ''] ?? [];
        expect([id, status, error?.code, error?.message]).toEqual([
          id,
          wanted,
          code,
          expect.stringMatching(reason ?? ''),
        ]);
      }
    },
  );
});

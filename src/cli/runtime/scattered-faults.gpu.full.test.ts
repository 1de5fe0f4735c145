import { describe, expect, test } from 'vitest';
import { Random } from '../../tensor/random.ts';
import { RUNTIME_NAMES, runtimeWithFaults } from './fixtures/faults.ts';

/**
 * Many faults produced for real in one run. A file of its own, since it waits longer than any
 * other.
 */

describe.concurrent.each(RUNTIME_NAMES)('in %s', (name) => {
  const run = runtimeWithFaults(name, 'scattered-faults');

  test('30 faults scattered over a run leave every other verdict as it was', async () => {
    const seed = new Random(20261120).integer(0, 1_000_000);
    const report = await run({ shuffle: true, seed });
    expect(
      report.results.filter(({ suite, status }) => suite === 'faulty' && status !== 'pass'),
    ).toHaveLength(30);
    expect(report.results.filter(({ finding }) => finding?.code === 'flaky')).toEqual([]);
  }, 300_000);
});

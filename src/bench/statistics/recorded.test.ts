import { describe, expect, test } from 'vitest';
import { covers } from '../../catalog/covers.ts';
import { Random } from '../../tensor/random.ts';
import recorded from './fixtures/samples.json';
import { isSlower, SURE_SAMPLES } from './slower.ts';

/** Draws, and batches of each. */
const DRAWS = 20;
const BATCHES = SURE_SAMPLES;
const BY = 0.15;

/** How many of twenty draws of each are found slower, the first taking `factor` times as long. */
function found(times: readonly number[], others: readonly number[], factor = 1): number {
  const random = new Random(1);
  const drawn = (from: readonly number[]) =>
    from
      .map((ms) => [random.uniform(), ms] as const)
      .sort(([a], [b]) => a - b)
      .slice(0, BATCHES)
      .map(([, ms]) => ms);
  let slower = 0;
  for (let i = 0; i < DRAWS; i++)
    slower += Number(
      isSlower(
        drawn(times).map((ms) => factor * ms),
        drawn(others),
        BY,
      ),
    );
  return slower;
}

describe('of samples that were recorded on a busy machine', () => {
  const { plain, again, planted } = recorded;

  test('equal kernels are found slower in at most one of twenty draws', () => {
    expect(found(plain, again)).toBeLessThanOrEqual(1);
    expect(found(again, plain)).toBeLessThanOrEqual(1);
    expect(found(plain, plain)).toBeLessThanOrEqual(1);
  });

  test(
    'a kernel that takes 1.3 or 2 times as long is found slower in at least nineteen',
    covers('fsdp.performance.future-benchmarks/slow-kernel-caught').control(
      'nothing is ever found slower',
      {
        file: 'src/bench/statistics/slower.ts',
        from: 'ratio > 1 + by &&',
        to: 'ratio > 9 + by &&',
      },
    ),
    () => {
      expect(found(plain, again, 1.3)).toBeGreaterThanOrEqual(19);
      expect(found(plain, again, 2)).toBe(DRAWS);
      // Live: the kernel had 1.3 times the work.
      expect(isSlower(planted, plain, BY)).toBe(true);
      expect(isSlower(planted, again, BY)).toBe(true);
    },
  );
});

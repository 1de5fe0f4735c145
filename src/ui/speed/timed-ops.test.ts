import { expect, test } from 'vitest';
import type { CaseResult } from '../../report/schema.ts';
import { roofAt, roofsOf, timedOps } from './timed-ops.ts';

const result = (name: string, flops: number, bytes: number, medianMs: number, status = 'pass') =>
  ({
    id: `speed.ops:${name}`,
    status,
    metrics: { flops, bytes },
    timing: { medianMs, ciMs: [medianMs, 2 * medianMs] },
  }) as unknown as CaseResult;

test('rates, intensity and roofs of what was timed and is right', () => {
  const ops = timedOps([
    result('add', 1e6, 1e7, 1),
    result('product-512', 8e9, 4e6, 4),
    result('wrong', 1e12, 1, 1, 'fail'),
    { id: 'a:b', status: 'pass' } as CaseResult,
  ]);
  expect(ops).toMatchObject([
    {
      name: 'product 512',
      flopsPerSecond: 2e12,
      bytesPerSecond: 1e9,
      intensity: 2000,
      interval: [4, 8],
    },
    { name: 'add', flopsPerSecond: 1e9, bytesPerSecond: 1e10, intensity: 0.1 },
  ]);
  const roofs = roofsOf(ops);
  expect(roofs).toEqual({ flopsPerSecond: 2e12, bytesPerSecond: 1e10 });
  // Below 200 operations a byte the memory is what limits.
  expect([0.1, 100, 2000].map((intensity) => roofAt(intensity, roofs))).toEqual([1e9, 1e12, 2e12]);
});

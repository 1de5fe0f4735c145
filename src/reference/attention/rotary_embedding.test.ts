import { describe, expect, test } from 'vitest';
import type { GivenParams } from '../../vocabulary/signature.ts';
import type { Value } from '../record.ts';
import { record } from './rotary_embedding.ts';

/** q of one head at a position. */
function rotated(
  q: readonly number[],
  position: number,
  params: Partial<GivenParams<typeof record.signature>> = {},
): number[] {
  const x: Value = { shape: [1, q.length], data: Float64Array.from(q) };
  const position_ids: Value = { shape: [1], data: Float64Array.of(position) };
  const outputs = record.forward({ q: x, k: x, position_ids }, { head_dim: q.length, ...params });
  return Array.from((outputs['q'] as Value).data);
}

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);

describe('rotary embedding', () => {
  test('leaves position 0 as it is', () => expect(rotated([1, 2, 3, 4], 0)).toEqual([1, 2, 3, 4]));

  test('turns the first pair by one radian a position', () => {
    expect(rotated([1, 0, 0, 0], 1)).toEqual([Math.cos(1), 0, Math.sin(1), 0]);
    expect(rotated([1, 0, 0, 0], 1, { convention: 'interleaved' })).toEqual([
      Math.cos(1),
      Math.sin(1),
      0,
      0,
    ]);
  });

  test('turns pair k by theta^(-2 k / d)', () => {
    expect(rotated([0, 1, 0, 0], 1, { theta: 1e4 })[1]).toBeCloseTo(Math.cos(0.01), 15);
  });

  test('makes products depend on the distance of positions alone', () => {
    const q = [0.3, -1, 2, 0.7, 1.1, -0.4];
    const k = [1, 0.2, -0.5, 0.9, -2, 0.8];
    const product = (m: number, n: number) =>
      dot(rotated(q as number[], m), rotated(k as number[], n));
    expect(product(7, 3)).toBeCloseTo(product(1004, 1000), 10);
    expect(product(7, 3)).not.toBeCloseTo(product(3, 7), 3);
  });
});

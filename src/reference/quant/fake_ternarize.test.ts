import { expect, test } from 'vitest';
import type { Value } from '../record.ts';
import { record } from './fake_ternarize.ts';

const of = (...data: readonly number[]): Value => ({
  shape: [data.length],
  data: Float64Array.from(data),
});
const { forwardDetached } = record as Required<typeof record>;

test('a weight moves its trit, but where it is clipped', () => {
  const at = { weight: of(2, -0.5, 1, 3), threshold: of(0.25) };
  const moved = { ...at, weight: of(2.5, -0.25, 1.125, 3) };
  const detached = (clip: boolean) => {
    const { y } = forwardDetached(moved, { clip }, at);
    return [...(y as Value).data];
  };
  expect(detached(true)).toEqual([1, -0.75, 1.125, 1]);
  expect(detached(false)).toEqual([1.5, -0.75, 1.125, 1]);
});

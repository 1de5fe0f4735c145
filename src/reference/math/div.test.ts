import { expect, test } from 'vitest';
import { EPS, FLUSH } from '../bounds.ts';
import { recordOf } from '../registry.ts';

test('a divisor that may be flushed makes anything of a quotient', () => {
  const value = (x: number) => ({ shape: [1], data: Float64Array.of(x) });
  const boundOf = (a: number, b: number) => {
    const record = recordOf('div');
    const inputs = { a: value(a), b: value(b) };
    const { y } = record.acceptance(
      inputs,
      record.forward(inputs, {}),
      {},
      {
        depth: (terms) => terms,
        ieee: false,
      },
    );
    return y?.kind === 'within' ? y.bound[0] : undefined;
  };
  expect(boundOf(1, FLUSH / 2)).toBe(Number.POSITIVE_INFINITY);
  expect(boundOf(3, 4)).toBeCloseTo(2.5 * EPS * 0.75, 20);
  // The smallest that is not: the quotient of a dividend that was flushed is 1.
  expect((boundOf(1, FLUSH) as number) / ((2.5 * EPS) / FLUSH)).toBeCloseTo(1, 6);
});

import { expect, test } from 'vitest';
import { CaseContext } from './context.ts';

test.each([
  [[1], [0], 'y[0] is 0 and should be 1; 1 of 1 element is wrong'],
  [[1, 2], [1, 0], 'y[1] is 0 and should be 2; 1 of 2 elements is wrong'],
  [[1, 2], [0, 0], 'y[0] is 0 and should be 1; 2 of 2 elements are wrong'],
])('what is wrong is counted: of %j it is %j', (right, got, message) => {
  const t = new CaseContext({ ieee: true, seed: 1 } as never);
  const value = (data: readonly number[]) => ({
    shape: [data.length],
    data: Float64Array.from(data),
  });
  expect(() => t.expectEqual('y', value(got), value(right))).toThrow(message);
});

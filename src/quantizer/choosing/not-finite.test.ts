import { expect, test } from 'vitest';
import { hostTensorFrom } from '../../tensor/host.ts';
import { notFiniteIn } from './not-finite.ts';

const numbers = (data: readonly number[]) => hostTensorFrom('f32', [2, 2], data);
const FINE = numbers([1, 2, 3, 3e38]);

test.each([
  [
    'a weight',
    numbers([1, 2, Number.NaN, Number.NaN]),
    FINE,
    'the weight is NaN in float32, first at [1, 0]',
  ],
  [
    'a large weight',
    numbers([1, 1e39, 3, 4]),
    FINE,
    'the weight is Infinity in float32, first at [0, 1]',
  ],
  [
    'activations',
    FINE,
    numbers([1, 2, 3, -1e39]),
    'the activations are -Infinity in float32, first at [1, 1]',
  ],
])('%s that is not finite is named with its first place', (_, weight, input, says) => {
  expect(notFiniteIn({ weight, input })).toMatchObject({
    code: 'not-finite',
    message: `${says}: give finite numbers`,
  });
});

test('finite numbers are taken', () => {
  expect(notFiniteIn({ weight: FINE, input: FINE })).toBeUndefined();
});

import { describe, expect, test } from 'vitest';
import { hostTensorFrom } from '../tensor/host.ts';
import { Random } from '../tensor/random.ts';
import { drawEpoch, examplesAt, holdOut } from './epoch.ts';
import type { Examples } from './examples.ts';

/** Example i is the row [i, i + 0.5] with label i. */
function counted(count: number): Examples {
  const numbers = Array.from({ length: count }, (_, i) => i);
  return {
    inputs: {
      x: hostTensorFrom(
        'f32',
        [count, 2],
        numbers.flatMap((i) => [i, i + 0.5]),
      ),
    },
    labels: hostTensorFrom('i32', [count], numbers),
  };
}

describe('examplesAt', () => {
  test('takes inputs and labels of the same examples', () => {
    const { inputs, labels } = examplesAt(counted(5), [3, 1, 4]);
    expect(inputs['x']).toEqual(hostTensorFrom('f32', [3, 2], [3, 3.5, 1, 1.5, 4, 4.5]));
    expect([...labels.data]).toEqual([3, 1, 4]);
  });
});

describe('drawEpoch', () => {
  test('gives each example once, the last batch smaller', () => {
    const batches = drawEpoch(counted(10), 4, new Random(1));
    expect(batches.map(({ labels }) => labels.shape)).toEqual([[4], [4], [2]]);
    const all = batches.flatMap(({ labels }) => [...labels.data]);
    expect(all.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    for (const { inputs, labels } of batches)
      expect([...(inputs['x']?.data ?? [])].filter((_, i) => i % 2 === 0)).toEqual([
        ...labels.data,
      ]);
  });

  test('draws another order for each epoch, and the same from the same seed', () => {
    const random = new Random(1);
    const labelsOf = (drawn: Random) =>
      drawEpoch(counted(50), 50, drawn).map(({ labels }) => [...labels.data]);
    const first = labelsOf(random);
    expect(labelsOf(random)).not.toEqual(first);
    expect(labelsOf(new Random(1))).toEqual(first);
  });
});

describe('holdOut', () => {
  test('parts the examples: none is in both', () => {
    const { training, heldOut } = holdOut(counted(10), 3);
    expect([...training.labels.data]).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect([...heldOut.labels.data]).toEqual([7, 8, 9]);
  });

  test.each([
    [0, [3, 0]],
    [3, [0, 3]],
  ])('of %i of three leaves as many as there are', (count, sizes) => {
    const { training, heldOut } = holdOut(counted(3), count);
    expect([training, heldOut].map(({ labels }) => labels.data.length)).toEqual(sizes);
  });
});

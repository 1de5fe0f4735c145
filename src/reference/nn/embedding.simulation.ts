import { filledTensor } from '../../tensor/host.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import { embedding as signature } from '../../vocabulary/nn/embedding.ts';
import { defineSimulation, type SampleOf } from '../define.ts';
import type { Value } from '../record.ts';
import { drawTensor, type Elements } from '../simulation/draw.ts';
import { chainSum } from '../simulation/sums.ts';

/** Ids drawn from a vocabulary so small that a row is used hundreds of times. */
function sample(
  weight: Shape,
  ids: Shape,
  elements: Elements,
  params: { readonly padding_idx?: number } = {},
): SampleOf<typeof signature> {
  const [vocabulary, width] = weight as [number, number];
  return {
    level: 'legal',
    label: { weight: formatShape(weight), ids: formatShape(ids), elements, ...params },
    params,
    inputs: (random) => ({
      weight: drawTensor(random, weight),
      ids: filledTensor('i32', ids, () => random.integer(0, vocabulary - 1)),
    }),
    grads: (random) => ({ y: drawTensor(random, [...ids, width], elements) }),
  };
}

/** The row that an id reads: outside of the vocabulary the nearest. */
const rowOf = (id: number, weight: Value) =>
  Math.min(Math.max(id, 0), (weight.shape[0] as number) - 1);

/** Rows are copied as bits; the rows of a gradient are added in ascending order. */
export const simulation = defineSimulation(signature, {
  forward: (_gpu, { weight, ids }) => {
    const width = weight.shape[1] as number;
    const data = Float64Array.from({ length: ids.data.length * width }, (_, i) => {
      const row = rowOf(ids.data[Math.floor(i / width)] as number, weight);
      return weight.data[row * width + (i % width)] as number;
    });
    return { y: { shape: [...ids.shape, width], data } };
  },
  backward: (gpu, { weight, ids }, { padding_idx }, { y: dy }) => {
    const width = weight.shape[1] as number;
    const users = Array.from({ length: weight.shape[0] as number }, (): number[] => []);
    ids.data.forEach((id, row) => {
      users[rowOf(id, weight)]?.push(row);
    });
    if (padding_idx !== undefined) users.splice(padding_idx, 1, []);
    const data = weight.data.map((_, i) => {
      const rows = users[Math.floor(i / width)] as number[];
      return chainSum(
        gpu,
        rows.map((row) => dy.data[row * width + (i % width)] as number),
      );
    });
    return { weight: { shape: weight.shape, data } };
  },
  samples: [
    sample([3, 7], [4096], 'positive'),
    sample([16, 64], [1024], 'positive'),
    sample([256, 33], [512], 'normal'),
    sample([5, 3], [64], 'positive', { padding_idx: -2 }),
  ],
});

import { seam } from '../seam.ts';
import { type HostTensor, hostTensor } from '../tensor/host.ts';
import type { Random } from '../tensor/random.ts';
import { sizeOf } from '../tensor/shape.ts';
import type { Examples } from './examples.ts';

/** How many examples there are: each has a label. */
export function countOf({ labels }: Examples): number {
  return labels.data.length;
}

/** Some of the examples, in the order of `places`. */
export function examplesAt({ inputs, labels }: Examples, places: readonly number[]): Examples {
  return {
    inputs: Object.fromEntries(
      Object.entries(inputs).map(([name, input]) => [name, rowsAt(input, places)]),
    ),
    labels: rowsAt(labels, places),
  };
}

/**
 * All examples once, in an order that is drawn anew, in batches of `batchSize`: the last one may be
 * smaller.
 */
export const drawEpoch = seam(
  'data.draw_epoch',
  (examples: Examples, batchSize: number, random: Random): readonly Examples[] => {
    const order = shuffled(countOf(examples), random);
    return Array.from({ length: Math.ceil(order.length / batchSize) }, (_, batch) =>
      examplesAt(examples, order.slice(batch * batchSize, (batch + 1) * batchSize)),
    );
  },
);

/** Examples to train on, and the last `heldOut` of them, which training does not see. */
export const holdOut = seam(
  'data.hold_out',
  (
    examples: Examples,
    heldOut: number,
  ): { readonly training: Examples; readonly heldOut: Examples } => {
    const places = Array.from({ length: countOf(examples) }, (_, place) => place);
    // Counted from the front: the last none of them are none, and not all.
    const end = places.length - heldOut;
    return {
      training: examplesAt(examples, places.slice(0, end)),
      heldOut: examplesAt(examples, places.slice(end)),
    };
  },
);

function rowsAt({ dtype, shape, data }: HostTensor, places: readonly number[]): HostTensor {
  const width = sizeOf(shape.slice(1));
  const picked = data.slice(0, places.length * width);
  places.forEach((place, row) => {
    picked.set(data.subarray(place * width, (place + 1) * width), row * width);
  });
  return hostTensor(dtype, [places.length, ...shape.slice(1)], picked);
}

/** Whole numbers below `count` in a random order (Fisher and Yates). */
export function shuffled(count: number, random: Random): readonly number[] {
  const order = Array.from({ length: count }, (_, place) => place);
  for (let last = count - 1; last > 0; last--) {
    const other = random.integer(0, last);
    [order[last], order[other]] = [order[other] as number, order[last] as number];
  }
  return order;
}

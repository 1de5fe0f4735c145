import { seam } from '../seam.ts';
import { Random } from '../tensor/random.ts';
import { shuffled } from './epoch.ts';

/** Items by index, from 0 on: `item(i)` is the same however often and in what order it is asked. */
export interface Dataset<Item> {
  readonly length: number;
  item(index: number): Item;
}

/** Indices of a data set in two parts that have none in common. */
export interface Split {
  readonly train: readonly number[];
  readonly validation: readonly number[];
}

/** Stream of a split; those of epochs count from 0. */
const SPLIT_STREAM = 0xffff_ffff;

/** Splits `count` items: the share `fraction` of them (rounded down) is for training. */
export const splitIndices = seam(
  'data.split_indices',
  (count: number, fraction: number, seed: number): Split => {
    const order = shuffled(count, new Random(seed, SPLIT_STREAM));
    const end = Math.floor(count * fraction);
    return { train: order.slice(0, end), validation: order.slice(end).toSorted((a, b) => a - b) };
  },
);

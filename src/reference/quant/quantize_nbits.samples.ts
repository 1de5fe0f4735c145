import { formatShape, type Shape } from '../../tensor/shape.ts';
import type {
  NbitsQuantizerParams,
  quantizeNbits as signature,
} from '../../vocabulary/quant/quantize_nbits.ts';
import type { SampleOf } from '../define.ts';
import {
  type Draw,
  type DrawnValues,
  drawnWeight,
  inBlocks,
  normalValues,
} from './drawn-weight.ts';

function sample(
  weight: Shape,
  params: NbitsQuantizerParams,
  { name, draw }: DrawnValues = { name: 'normal', draw: normalValues },
): SampleOf<typeof signature> {
  const { bits, block_size: block, symmetric } = params;
  return {
    level: 'legal',
    label: {
      weight: formatShape(weight),
      bits,
      block,
      ...(symmetric ? { symmetric } : {}),
      ...(name === 'normal' ? {} : { values: name }),
    },
    params,
    inputs: drawnWeight(weight, { draw }),
  };
}

/** Blocks of 16 by the place in them, whose range, sign or size is out of the ordinary. */
const BLOCKS: readonly Draw[] = [
  () => 0,
  () => 0.3,
  () => -0.3,
  (_random, j) => (j % 2 === 0 ? 0.7 : -0.7), // of two largest the negative one counts
  (random) => random.uniform(5, 6), // 0 is the low end
  (random) => random.uniform(-6, -5), // and here the high one
  (random, j) => (j === 7 ? -1e30 : random.normal()),
  (_random, j) => (j === 3 ? 2 ** -100 : 0),
  (random) => random.normal(1e-6), // in f16 scales are denormal, or 0
  (random) => random.normal(1e-37), // scales are near the smallest normal number
  (random) => random.normal(1e-40), // and below it
  (_random, j) => (j === 15 ? 255 * 2 ** -126 : 0), // the smallest scale that counts, in 8 bits
];

/** Blocks one after the other, whatever their length. */
const ends: DrawnValues = {
  name: 'ends',
  draw: inBlocks(16, BLOCKS),
};

/** Blocks whose scale is a power of two, and halves of it, or right beside them. */
function ties(bits: number, symmetric: boolean): DrawnValues {
  const top = 2 ** bits - 1;
  const middle = 2 ** (bits - 1);
  return {
    name: 'ties',
    draw: (random, i) => {
      const block = Math.floor(i / 16);
      const unit = 2 ** ((block % 20) - 10);
      // The ends of the range say where zero is, itself a half in every other block.
      const zero = symmetric ? middle : (block % (2 * top)) / 2;
      if (i % 16 === 0) return -zero * unit;
      if (i % 16 === 1) return symmetric ? 0 : (top - zero) * unit;
      const off = [1, 1 + 2 ** -23, 1 - 2 ** -24][random.integer(0, 2)] as number;
      return (random.integer(-Math.floor(2 * zero), Math.ceil(2 * (top - zero))) / 2) * unit * off;
    },
  };
}

const BOTH = [false, true] as const;

/** Rows that end inside blocks, and begin inside fours; zero points that end inside bytes and words. */
export const samples: readonly SampleOf<typeof signature>[] = [
  ...BOTH.flatMap((symmetric) => [
    sample([37, 96], { bits: 4, block_size: 32, symmetric }),
    sample([3, 53], { bits: 4, block_size: 16, symmetric }),
    sample([5, 131], { bits: 8, block_size: 64, symmetric }),
    sample([2, 16 * BLOCKS.length], { bits: 4, block_size: 16, symmetric }, ends),
    sample([2, 16 * BLOCKS.length], { bits: 8, block_size: 16, symmetric }, ends),
    sample([7, 320], { bits: 4, block_size: 16, symmetric }, ties(4, symmetric)),
    sample([4, 320], { bits: 8, block_size: 16, symmetric }, ties(8, symmetric)),
  ]),
  sample([3, 300], { bits: 4, block_size: 128, symmetric: false }),
  sample([2, 257], { bits: 4, block_size: 256, symmetric: true }),
  sample([9, 115], { bits: 2, block_size: 16, symmetric: false }),
  sample([3, 66], { bits: 2, block_size: 32, symmetric: true }),
  sample([1, 1], { bits: 4, block_size: 16, symmetric: false }),
  sample([256, 7], { bits: 8, block_size: 16, symmetric: false }), // whole workgroups
];

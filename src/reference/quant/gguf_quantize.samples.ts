import type { DType } from '../../tensor/dtype.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import type { ggufQuantize as signature } from '../../vocabulary/quant/gguf_quantize.ts';
import type { GivenParams } from '../../vocabulary/signature.ts';
import type { SampleOf } from '../define.ts';
import {
  type Draw,
  type DrawnValues,
  drawnWeight,
  inBlocks,
  normalValues,
} from './drawn-weight.ts';

type Type = GivenParams<typeof signature>['quant_type'];

function sample(
  quant_type: Type,
  weight: Shape,
  values?: DrawnValues,
  dtype: DType = 'f32',
): SampleOf<typeof signature> {
  const draw = values?.draw ?? normalValues;
  return {
    level: 'legal',
    label: {
      type: quant_type,
      weight: formatShape(weight),
      ...(values ? { values: values.name } : {}),
      ...(dtype === 'f32' ? {} : { dtype }),
    },
    params: { quant_type },
    inputs: drawnWeight(weight, { dtype, draw }),
  };
}

/** Numbers of a block by its place, whose largest is out of the ordinary. */
const BLOCKS: readonly Draw[] = [
  () => 0,
  (_random, j) => (j === 31 ? -0.3 : 0),
  () => 0.3,
  (_random, j) => (j % 2 === 0 ? 0.7 : -0.7), // the first of two largest says the sign
  (_random, j) => (j % 2 === 0 ? -0.7 : 0.7),
  (_random, j) => (j === 0 ? -(2 ** -123) : (j % 9) * 2 ** -126), // the smallest d that counts
  (_random, j) => (j === 31 ? 127 * 2 ** -126 : (j % 127) * 2 ** -126),
  (_random, j) => (j === 5 ? -2 : j === 6 ? 2 : 0.1 * j),
  (random) => random.normal(1e30), // halves of d are infinite
  (random) => random.normal(1e-7), // they are denormal
  (random, j) => (j === 3 ? 4e-6 : random.normal(1e-7)),
  (random) => random.normal(1e-12), // they are 0, and codes are not
  (random) => random.normal(1e-37), // numbers are near the smallest normal one
  (random) => random.normal(1e-40), // and below it
  (random, j) => (j === 17 ? 3.4e38 : random.normal(1e37)),
  (_random, j) => (j === 0 ? 65_520 * 127 : 65_519 * j),
  (random) => random.uniform(5, 6),
];

const ends: DrawnValues = {
  name: 'ends',
  draw: inBlocks(32, BLOCKS),
};

/** Blocks whose d is a power of two, and whose numbers are halves of it, or right beside them. */
function ties(largest: number): DrawnValues {
  return {
    name: 'ties',
    draw: (random, i) => {
      const unit = 2 ** ((Math.floor(i / 32) % 20) - 10);
      if (i % 32 === 9) return largest * unit;
      const off = [1, 1 + 2 ** -23, 1 - 2 ** -24][random.integer(0, 2)] as number;
      return (
        (unit * random.integer(1 - 2 * Math.abs(largest), 2 * Math.abs(largest) - 1) * off) / 2
      );
    },
  };
}

export const samples: readonly SampleOf<typeof signature>[] = [
  ...(['q4_0', 'q8_0'] as const).flatMap((type) => [
    sample(type, [37, 96]), // a last block alone, whose bytes end inside a word
    sample(type, [3, 5, 32]),
    sample(type, [32]),
    sample(type, [130, 64]), // more than one workgroup
    sample(type, [2, 32 * BLOCKS.length], ends),
  ]),
  sample('q4_0', [17, 32]),
  sample('q4_0', [20, 32], ties(-8)),
  sample('q4_0', [19, 32], ties(8)),
  sample('q8_0', [20, 32], ties(127)),
];

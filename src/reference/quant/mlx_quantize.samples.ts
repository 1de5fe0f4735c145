import { filledTensor } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import type { mlxQuantize as signature } from '../../vocabulary/quant/mlx_quantize.ts';
import type { GivenParams } from '../../vocabulary/signature.ts';
import type { SampleOf } from '../define.ts';
import { type Draw, drawnWeight, inBlocks, normalValues } from './drawn-weight.ts';

interface Description {
  readonly level?: 'exact' | 'legal';
  readonly weight: Shape;
  readonly params: GivenParams<typeof signature>;
  readonly x?: Shape;
  readonly values?: string;
  readonly draw?: Draw;
  /** Default quick. */
  readonly tier?: 'full';
}

/** Variants differ in the product alone. */
function sample({
  level = 'legal',
  weight,
  params,
  x,
  values,
  draw = normalValues,
  tier,
}: Description): SampleOf<typeof signature> {
  const { mode = 'affine', bits = 4, group_size = 64 } = params;
  return {
    level,
    ...(tier ? { tier } : {}),
    label: {
      weight: formatShape(weight),
      ...(x ? { x: formatShape(x) } : {}),
      ...(mode === 'affine' ? { bits, group: group_size } : { mode }),
      ...(values ? { values } : {}),
    },
    params,
    ...(x ? {} : { variants: ['register'] }),
    inputs: (random) => ({
      ...drawnWeight(weight, { draw })(random),
      ...(x
        ? {
            x: filledTensor('f32', x, () => random.normal()),
          }
        : {}),
    }),
  };
}

/** Groups of 64, one after the other, whose range, sign or largest element is out of the ordinary. */
const GROUPS: readonly Draw[] = [
  () => 0,
  () => 0.3,
  () => -0.3,
  (_random, j) => (j === 31 ? 1e-8 : 0), // less than half a step of the narrowest range
  (_random, j) => (j === 31 ? -3e-7 : 0),
  (random) => random.uniform(5, 6),
  (random) => random.uniform(-6, -5),
  (random, j) => (j === 7 ? -1e30 : random.normal()),
  (_random, j) => (j % 16) / 8, // in 4 bits a whole number of steps, the largest 15
  (_random, j) => (j % 16) - 15,
];

const ofGroups = inBlocks(64, GROUPS);

/** Middles of e2m1 and of e4m3, and their neighbours; the largest decides the scale. */
const TIES = [0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5, 2 ** -10, 3 * 2 ** -10, 17, 19, 432, 2 ** -6];

/** A group's largest element: at a scale, right above and below it, and at the ends. */
const LARGEST = [
  ...[6, 448, 2688, 6.375, 6.625].flatMap((x) => [x, x * (1 + 2 ** -23), x * (1 - 2 ** -24)]),
  ...[0, 2 ** -126, 6 * 2 ** -126, 6 * 2 ** -10, 6 * 2 ** -10 * (1 + 2 ** -20), 9 * 2 ** -10],
  ...[6 * 465, 1e6, 3e38],
];

/** Groups of so many elements, each with a largest one and ties relative to its scale. */
function middles(size: number) {
  return (random: Random, i: number): number => {
    const largest = LARGEST[Math.floor(i / size) % LARGEST.length] as number;
    if (i % size === size - 1) return -largest;
    const tie = TIES[random.integer(0, TIES.length - 1)] as number;
    const off = [1, 1 + 2 ** -20, 1 - 2 ** -20][random.integer(0, 2)] as number;
    const scale = 2 ** Math.ceil(Math.log2(largest / 6) - random.integer(0, 1));
    const element = tie * off * scale;
    return random.integer(0, 1) === 0 || element > largest ? element % largest || 0 : -element;
  };
}

const MICROSCALED = [
  { mode: 'mxfp4', bits: 4, group_size: 32 },
  { mode: 'mxfp8', bits: 8, group_size: 32 },
  { mode: 'nvfp4', bits: 4, group_size: 16 },
] as const;

export const samples: readonly SampleOf<typeof signature>[] = [
  sample({ weight: [37, 128], x: [3, 128], params: {} }),
  sample({ weight: [3, 32], params: { bits: 2, group_size: 32 }, tier: 'full' }),
  sample({ weight: [5, 192], params: { bits: 3 }, tier: 'full' }),
  sample({ weight: [70, 96], params: { bits: 5, group_size: 32 } }),
  sample({ weight: [3, 256], params: { bits: 6, group_size: 128 }, tier: 'full' }),
  sample({ weight: [2, 3, 64], params: { bits: 8 }, tier: 'full' }),
  sample({ weight: [3, 640], params: {}, values: 'ranges', draw: ofGroups }),
  ...MICROSCALED.flatMap((params) => [
    sample({ weight: [5, 96], params }),
    sample({ weight: [1, 23 * 32], params, values: 'middles', draw: middles(params.group_size) }),
  ]),
  sample({ weight: [65, 64], x: [2, 64], params: MICROSCALED[2] }),
];

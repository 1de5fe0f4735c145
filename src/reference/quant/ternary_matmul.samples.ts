import { bytesOfTrits, type TritPacking } from '../../quant/ternary/trit-packing.ts';
import { filledTensor, hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import type { ternaryMatmul as signature } from '../../vocabulary/quant/ternary_matmul.ts';
import type { SampleOf } from '../define.ts';

/** A byte of four trits. */
export const drawTrits = (random: Random): number =>
  [0, 1, 2, 3].reduce((byte, place) => byte + random.integer(0, 2) * 4 ** place, 0);

/** A byte of packed trits. */
const drawByte = (random: Random, order: TritPacking): number =>
  order === 'base3' ? random.integer(0, 242) : drawTrits(random);

interface Description {
  readonly level: 'exact' | 'legal';
  readonly x: Shape;
  readonly out: number;
  /** Scales: none, one for all, or one for each output. */
  readonly scale: 0 | 1 | 'each';
  readonly variants: readonly string[];
  readonly order?: TritPacking;
  /** Default quick. */
  readonly tier?: 'full';
  readonly gradientTier?: 'full';
}

function sample({
  level,
  x,
  out,
  scale,
  variants,
  order = 'low',
  tier,
  gradientTier,
}: Description): SampleOf<typeof signature> {
  const k = x.at(-1) as number;
  const bytes = bytesOfTrits(k * out, order);
  const scales = scale === 'each' ? out : scale;
  const draw = (random: Random) =>
    level === 'exact' ? (2 * random.integer(0, 1) - 1) * random.integer(1, 8) : random.normal();
  const drawScale = (random: Random) =>
    level === 'exact' ? 2 ** random.integer(-3, 3) : random.uniform(0.01, 0.1);
  const floats = (random: Random, shape: Shape, one: (random: Random) => number) =>
    filledTensor('f32', shape, () => one(random));
  return {
    level,
    variants,
    ...(tier ? { tier } : {}),
    ...(gradientTier ? { gradientTier } : {}),
    label: {
      ...{ x: formatShape(x), t: formatShape([out, k]), scale: scales },
      ...(order === 'low' ? {} : { order }),
    },
    params: { out_features: out, order },
    inputs: (random) => ({
      x: floats(random, x, draw),
      packed: hostTensorFrom(
        'u8',
        [bytes],
        random.fill(bytes, () => drawByte(random, order)),
      ),
      ...(scales ? { scale: floats(random, [scales], drawScale) } : {}),
    }),
    grads: (random) => ({ y: floats(random, [...x.slice(0, -1), out], draw) }),
  };
}

/** Variants by the kernels that they are launched by. */
const ALL = ['register', 'subgroup', 'tiled', 'skip-zeros'];

/** A sample of each variant, with `quick` ones in the quick tier. */
const ofEach = (
  quick: readonly string[],
  description: Omit<Description, 'variants' | 'tier' | 'gradientTier'>,
) => [
  sample({ ...description, variants: quick, gradientTier: 'full' }),
  sample({ ...description, variants: ALL.filter((one) => !quick.includes(one)), tier: 'full' }),
];

export const samples: readonly SampleOf<typeof signature>[] = [
  // Lines that begin inside a byte, fours of trits in two words.
  ...ofEach(['subgroup', 'skip-zeros'], { level: 'exact', x: [37, 53], out: 29, scale: 0 }),
  // Lines of whole words, but the last one in part.
  sample({ level: 'exact', x: [2, 3, 64], out: 33, scale: 1, variants: ALL }),
  sample({
    ...{ level: 'exact', x: [1, 5], out: 29, scale: 'each' },
    variants: ['register', 'skip-zeros'],
  }),
  sample({
    ...{ level: 'exact', x: [1, 5], out: 29, scale: 'each' },
    ...{ variants: ['tiled'], tier: 'full' },
  }),
  // Whole tiles in each direction, none of them with a row or column to spare.
  sample({
    ...{ level: 'exact', x: [32, 32], out: 32, scale: 1, variants: ['subgroup', 'skip-zeros'] },
    gradientTier: 'full',
  }),
  // Lines of whole bytes that begin inside a word, and as columns of no whole four.
  sample({ level: 'exact', x: [5, 20], out: 7, scale: 'each', variants: ['register'] }),
  // The other way round: whole fours of columns, which begin inside a byte.
  sample({ level: 'exact', x: [3, 7], out: 12, scale: 'each', variants: ['register'] }),
  sample({ level: 'legal', x: [9, 5], out: 11, scale: 1, variants: ['register', 'skip-zeros'] }),
  sample({
    ...{ level: 'legal', x: [13, 301], out: 35, scale: 'each' },
    ...{ variants: ['subgroup', 'tiled'], gradientTier: 'full' },
  }),
  sample({
    ...{ level: 'legal', x: [13, 301], out: 35, scale: 'each' },
    variants: ['skip-zeros'],
  }),
  sample({
    ...{ level: 'legal', x: [65, 128], out: 40, scale: 1, variants: ['subgroup'] },
    gradientTier: 'full',
  }),
  ...(['high', 'base3'] as const).flatMap((order) => [
    // Digits go on from four to four, which the two bits of a trit do not.
    ...ofEach(order === 'base3' ? ['subgroup', 'skip-zeros'] : ['skip-zeros'], {
      ...{ level: 'exact', x: [37, 53], out: 29, scale: 'each', order },
    }),
    sample({
      ...{ level: 'exact', x: [3, 20], out: 12, scale: 1, variants: ['register'], order },
      gradientTier: 'full',
    }),
  ]),
];

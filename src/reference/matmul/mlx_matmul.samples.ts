import { packing } from '../../quant/packing/packing.ts';
import { filledTensor, hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';

import type { mlxMatmul as signature } from '../../vocabulary/matmul/mlx_matmul.ts';
import type { GivenParams } from '../../vocabulary/signature.ts';
import type { SampleOf } from '../define.ts';
import { packWords } from '../quant/packed-words.ts';
import { type Described, decodedSample, weightOf } from './decoded-sample.ts';

type Params = GivenParams<typeof signature>;

interface Description extends Omit<Described, 'transpose_weight'> {
  readonly params: Pick<Params, 'mode' | 'bits' | 'group_size' | 'transpose_weight'>;
}

/** Codes of 0 and 1 or of every kind, and scales of a group: whole powers of two, or any. */
export function drawMlxWeight(
  random: Random,
  level: 'exact' | 'legal',
  [out, terms]: readonly [number, number],
  { mode = 'affine', bits = 4, group_size = 64 }: Pick<Params, 'mode' | 'bits' | 'group_size'>,
) {
  const isExact = level === 'exact';
  const groups = [out, terms / group_size];
  const floats = (draw: () => number) => filledTensor('f32', groups, draw);
  const bytes = (low: number, high: number) =>
    filledTensor('u8', groups, () => random.integer(low, high));
  const power = () => 2 ** random.integer(-2, 2);
  // 0 and 1 as they are, 1 and 2 in e2m1, 0 and 1 in e4m3; the code of e4m3 that is no number is left out.
  const wholes = mode === 'affine' ? [0, 1] : bits === 8 ? [0, 56] : [2, 4];
  const code = isExact
    ? () => wholes[random.integer(0, 1)] as number
    : () => {
        const drawn = random.integer(0, 2 ** bits - 1);
        return mode === 'mxfp8' && drawn % 128 === 127 ? 126 : drawn;
      };
  const scales = {
    affine: () => floats(isExact ? power : () => random.uniform(-0.5, 2)),
    mxfp4: () => bytes(125, 129),
    mxfp8: () => bytes(isExact ? 125 : 0, 129),
    nvfp4: () => (isExact ? bytes(48, 48) : bytes(0, 126)),
  }[mode];
  return {
    packed: hostTensorFrom(
      'i32',
      [out, (terms * bits) / 32],
      packWords(random.fill(out * terms, code), packing(bits)),
    ),
    scales: scales(),
    ...(mode === 'affine'
      ? { biases: floats(isExact ? () => random.integer(-2, 2) : () => random.normal()) }
      : {}),
  };
}

/** Tiles of a few rows or columns; a result of more than eight of both can be `tiled`. */
const LANES = ['register', 'subgroup'];
const ALL = [...LANES, 'tiled'];

/** A sample of x and a weight [out, terms of x], or [terms of x, out] as it lies. */
function sample({ params, ...given }: Description): SampleOf<typeof signature> {
  const { mode = 'affine', bits = 4, group_size = 64, transpose_weight = true } = params;
  const of = { ...given, transpose_weight };
  const shape = weightOf(of);
  const weight = (random: Random) => drawMlxWeight(random, of.level, shape, params);
  const label = mode === 'affine' ? { bits, group: group_size } : { mode };
  return {
    ...decodedSample({ variants: LANES, ...of }, weight, { label, most: 8 }),
    params: { ...params, out_features: shape[0], in_features: shape[1] },
  };
}

const NVFP4 = { mode: 'nvfp4', bits: 4, group_size: 16 } as const;
const MICROSCALED = [
  { mode: 'mxfp4', bits: 4, group_size: 32 },
  { mode: 'mxfp8', bits: 8, group_size: 32 },
  NVFP4,
] as const;

/** Of widths and modes that differ by constants alone, some are quick. */
const tierOf = (isQuick: boolean) => ({ tier: isQuick ? 'quick' : 'full' }) as const;
const REGISTER = ['register'];

export const samples: readonly SampleOf<typeof signature>[] = [
  ...([2, 3, 4, 5, 6, 8] as const).flatMap((bits) => [
    sample({
      ...{ level: 'exact', x: [19, 64], out: 13, params: { bits, group_size: 32 } },
      variants: REGISTER,
      ...tierOf(bits === 3),
      gradientTier: 'full',
    }),
    sample({
      ...{ level: 'legal', x: [5, 192], out: 21, params: { bits }, variants: REGISTER },
      ...tierOf(bits === 4),
      gradientTier: 'full',
    }),
    sample({
      ...{ level: 'legal', x: [5, 192], out: 21, params: { bits }, variants: ['subgroup'] },
      tier: 'full',
    }),
  ]),
  sample({
    ...{ level: 'exact', x: [19, 64], out: 13, params: { bits: 3, group_size: 32 } },
    ...{ variants: ['subgroup', 'tiled'], tier: 'full' },
  }),
  sample({
    ...{ level: 'legal', x: [1, 128], out: 37, params: { group_size: 128 }, variants: REGISTER },
    tier: 'full',
  }),
  sample({
    ...{ level: 'exact', x: [3, 7, 5], out: 64, variants: REGISTER },
    params: { bits: 3, transpose_weight: false },
  }),
  sample({
    ...{ level: 'legal', x: [9, 37], out: 96, variants: ALL, tier: 'full' },
    params: { bits: 6, group_size: 32, transpose_weight: false },
  }),
  sample({
    ...{ level: 'exact', x: [2, 32], out: 1, params: { group_size: 32 }, variants: REGISTER },
    gradientTier: 'full',
  }),
  sample({
    ...{ level: 'legal', x: [3, 64], out: 64, params: {}, variants: REGISTER },
    gradientTier: 'full',
  }),
  // Scales differ between groups: a tile begins at the second of two, too.
  sample({
    ...{ level: 'legal', x: [11, 64], out: 9, params: NVFP4, variants: ['tiled'] },
    gradientTier: 'full',
  }),
  ...MICROSCALED.flatMap((params) => [
    sample({ level: 'exact', x: [11, 64], out: 9, params, variants: ALL, tier: 'full' }),
    sample({
      ...{ level: 'legal', x: [2, 3, 96], out: 17, params, variants: ['subgroup'] },
      ...tierOf(params === NVFP4),
      gradientTier: 'full',
    }),
    sample({ level: 'legal', x: [2, 3, 96], out: 17, params, variants: REGISTER, tier: 'full' }),
  ]),
];

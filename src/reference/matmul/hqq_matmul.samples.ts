import { packSlices } from '../../quant/packing/row-slices.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { sizeOf } from '../../tensor/shape.ts';
import type {
  HqqProductParams,
  hqqMatmul as signature,
} from '../../vocabulary/matmul/hqq_matmul.ts';
import { HQQ_WORDS, type HqqBits, hqqTop } from '../../vocabulary/quant/hqq_quantize.ts';
import type { SampleOf } from '../define.ts';
import { type Described, decodedSample, weightOf } from './decoded-sample.ts';

/** Codes of every kind, and of a group a scale and a zero: such that sums are exact, or any. */
export function drawHqqWeight(
  random: Random,
  level: 'exact' | 'legal',
  elements: number,
  { nbits, axis, group_size }: Pick<HqqProductParams, 'nbits' | 'axis' | 'group_size'>,
) {
  const isExact = level === 'exact';
  const words = HQQ_WORDS[nbits];
  const groups = elements / group_size;
  const [rows, columns] = axis === 1 ? [groups, group_size] : [group_size, groups];
  const packed = [Math.ceil(rows / words.rows), columns];
  const top = hqqTop({ nbits });
  const codes = Float64Array.from(random.fill(elements, () => random.integer(0, top)));
  const floats = (draw: () => number) =>
    hostTensorFrom('f32', axis === 1 ? [groups, 1] : [1, groups], random.fill(groups, draw));
  return {
    packed: hostTensorFrom(words.dtype, packed, packSlices(codes, sizeOf(packed), words)),
    scale: floats(isExact ? () => 2 ** random.integer(-2, 1) : () => random.uniform(0.1, 2)),
    zero: floats(isExact ? () => random.integer(0, top) : () => random.uniform(0, top)),
  };
}

interface Description extends Described {
  readonly nbits?: HqqBits;
  readonly axis?: 0 | 1;
  readonly group_size?: number;
}

const ALL = ['register', 'subgroup', 'tiled'];

function sample({
  nbits = 4,
  axis = 1,
  group_size = 64,
  ...of
}: Description): SampleOf<typeof signature> {
  const { level, transpose_weight = true } = of;
  const [out_features, in_features] = weightOf(of);
  const params = { nbits, axis, group_size, out_features, in_features, transpose_weight };
  const weight = (random: Random) =>
    drawHqqWeight(random, level, out_features * in_features, params);
  const label = { bits: nbits, group: group_size, ...(axis === 0 ? { axis } : {}) };
  const variants = ['register', 'subgroup'];
  return { ...decodedSample({ variants, ...of }, weight, { label }), params };
}

/** Of widths that differ by constants alone, some are quick. */
const tierOf = (isQuick: boolean) => ({ tier: isQuick ? 'quick' : 'full' }) as const;
const REGISTER = ['register'];

export const samples: readonly SampleOf<typeof signature>[] = [
  ...([8, 4, 3, 2, 1.58, 1] as const).flatMap((nbits) => [
    sample({
      ...{ level: 'exact', nbits, x: [11, 96], out: 13, group_size: 32, variants: REGISTER },
      ...tierOf(nbits === 3 || nbits === 4),
      gradientTier: 'full',
    }),
    sample({ level: 'legal', nbits, x: [5, 128], out: 23, tier: 'full' }),
  ]),
  sample({
    ...{ level: 'legal', x: [3, 64], out: 64, variants: REGISTER, gradientTier: 'full' },
  }),
  sample({
    ...{ level: 'exact', x: [37, 48], out: 29, group_size: 12, variants: REGISTER },
    tier: 'full',
  }),
  sample({
    ...{ level: 'exact', x: [37, 48], out: 29, group_size: 12, variants: ['subgroup', 'tiled'] },
    tier: 'full',
  }),
  sample({ level: 'legal', x: [1, 40], out: 7, group_size: 8, variants: REGISTER, tier: 'full' }),
  sample({
    ...{ level: 'exact', nbits: 3, x: [3, 7, 5], out: 64, group_size: 32 },
    ...{ transpose_weight: false, variants: REGISTER },
  }),
  sample({
    ...{ level: 'legal', nbits: 2, x: [9, 37], out: 96, group_size: 32 },
    ...{ transpose_weight: false, variants: ALL, tier: 'full' },
  }),
  // Groups across rows, the last slice in part, and lines that begin within rows of the matrix.
  sample({ level: 'exact', axis: 0, x: [5, 24], out: 12, group_size: 8, variants: REGISTER }),
  // Rows that share groups two apart, and ones that all do.
  sample({
    ...{ level: 'exact', axis: 0, x: [5, 24], out: 14, group_size: 7, variants: REGISTER },
    gradientTier: 'full',
  }),
  // Slices of seven rows: four columns begin in one and end in the next at each of their places.
  sample({
    ...{ level: 'exact', axis: 0, nbits: 3, x: [2, 12], out: 64, variants: REGISTER },
    gradientTier: 'full',
  }),
  sample({
    ...{ level: 'legal', axis: 0, nbits: 2, x: [2, 3, 64], out: 192, variants: ALL },
    tier: 'full',
  }),
  sample({
    ...{ level: 'legal', axis: 0, x: [1, 40], out: 24, group_size: 12, variants: REGISTER },
    tier: 'full',
  }),
  sample({
    ...{ level: 'legal', axis: 0, nbits: 2, x: [3, 64], out: 16, variants: REGISTER },
    tier: 'full',
  }),
  sample({
    ...{ level: 'exact', axis: 0, nbits: 3, x: [9, 36], out: 32, group_size: 32, variants: ALL },
    tier: 'full',
  }),
  sample({
    ...{ level: 'exact', axis: 0, nbits: 8, x: [4, 6], out: 40, group_size: 12 },
    ...{ transpose_weight: false, variants: REGISTER, tier: 'full' },
  }),
];

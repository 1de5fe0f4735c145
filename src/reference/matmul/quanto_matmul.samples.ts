import { hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { sizeOf } from '../../tensor/shape.ts';
import type {
  QuantoProductParams,
  quantoMatmul as signature,
} from '../../vocabulary/matmul/quanto_matmul.ts';
import type { SampleOf } from '../define.ts';
import { packSlices } from '../quant/quanto-groups.ts';
import { type Described, decodedSample, weightOf } from './decoded-sample.ts';

/** Codes of every kind, and of a group a scale and a shift: such that sums are exact, or any. */
export function drawQuantoWeight(
  random: Random,
  level: 'exact' | 'legal',
  elements: number,
  { bits, axis, group_size }: Pick<QuantoProductParams, 'bits' | 'axis' | 'group_size'>,
) {
  const isExact = level === 'exact';
  const groups = elements / group_size;
  const [rows, columns] = axis === 0 ? [groups, group_size] : [group_size, groups];
  const packed = [Math.ceil((rows * bits) / 8), columns];
  const top = 2 ** bits - 1;
  const codes = random.fill(elements, () => random.integer(0, top));
  const floats = (draw: () => number) =>
    hostTensorFrom('f32', axis === 0 ? [groups, 1] : [1, groups], random.fill(groups, draw));
  return {
    packed: hostTensorFrom('u8', packed, packSlices(codes, sizeOf(packed), bits)),
    scale: floats(isExact ? () => 2 ** random.integer(-2, 1) : () => random.uniform(0.1, 2)),
    shift: floats(isExact ? () => random.integer(0, top) : () => random.uniform(0, top)),
  };
}

interface Description extends Described {
  readonly bits: 4 | 2;
  readonly axis?: 0 | -1;
  readonly group_size?: number;
}

const REGISTER = ['register'];
const ALL = ['register', 'subgroup', 'tiled'];

function sample({
  bits,
  axis = 0,
  group_size = 32,
  ...of
}: Description): SampleOf<typeof signature> {
  const { level, transpose_weight = true } = of;
  const [out_features, in_features] = weightOf(of);
  const params = { bits, axis, group_size, out_features, in_features, transpose_weight };
  const weight = (random: Random) =>
    drawQuantoWeight(random, level, out_features * in_features, params);
  const label = { bits, group: group_size, ...(axis === 0 ? {} : { axis }) };
  return { ...decodedSample({ variants: REGISTER, ...of }, weight, { label }), params };
}

/** Groups that fill no last slice, groups of whole rows, and a weight as it lies. */
export const samples: readonly SampleOf<typeof signature>[] = [
  sample({ level: 'exact', bits: 4, x: [11, 96], out: 13 }),
  sample({ level: 'legal', bits: 2, x: [3, 64], out: 64, tier: 'full' }),
  sample({ level: 'legal', bits: 4, x: [1, 40], out: 7, group_size: 40, tier: 'full' }),
  sample({ level: 'exact', bits: 2, x: [5, 12], out: 11, group_size: 12, variants: ['subgroup'] }),
  sample({ level: 'exact', bits: 2, x: [9, 64], out: 21, variants: ALL, tier: 'full' }),
  sample({ level: 'exact', bits: 4, x: [3, 7, 5], out: 64, transpose_weight: false }),
  sample({
    ...{ level: 'legal', bits: 4, x: [9, 37], out: 96, variants: ALL },
    ...{ transpose_weight: false, tier: 'full' },
  }),
  // Groups across rows: of whole columns, and of parts of them, in fours of outputs or not.
  sample({ level: 'exact', bits: 4, axis: -1, x: [5, 12], out: 13, group_size: 13 }),
  sample({ level: 'exact', bits: 4, axis: -1, x: [5, 20], out: 15, group_size: 5 }),
  sample({
    ...{ level: 'exact', bits: 2, axis: -1, x: [3, 12], out: 24, group_size: 8 },
    gradientTier: 'full',
  }),
  sample({
    ...{ level: 'exact', bits: 4, axis: -1, x: [5, 12], out: 60, group_size: 12 },
    tier: 'full',
  }),
  // Groups of an input that are whole fours: four of them in a word.
  sample({
    ...{ level: 'exact', bits: 4, axis: -1, x: [7, 8], out: 48, group_size: 12 },
    gradientTier: 'full',
  }),
  sample({
    ...{ level: 'legal', bits: 2, axis: -1, x: [2, 3, 64], out: 128, variants: ALL },
    tier: 'full',
  }),
  sample({
    ...{ level: 'legal', bits: 4, axis: -1, x: [9, 44], out: 21, group_size: 7, variants: ALL },
    tier: 'full',
  }),
  sample({
    ...{ level: 'legal', bits: 4, axis: -1, x: [9, 64], out: 36, group_size: 32, variants: ALL },
    ...{ transpose_weight: false, tier: 'full' },
  }),
  sample({
    ...{ level: 'exact', bits: 4, axis: -1, x: [6, 30], out: 20, group_size: 6 },
    ...{ transpose_weight: false, gradientTier: 'full' },
  }),
];

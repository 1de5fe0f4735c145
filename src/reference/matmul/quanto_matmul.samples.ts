import { hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import type {
  QuantoProductParams,
  quantoMatmul as signature,
} from '../../vocabulary/matmul/quanto_matmul.ts';
import type { SampleOf } from '../define.ts';
import { packSlices } from '../quant/quanto-groups.ts';

/** Codes of every kind, and of a group a scale and a shift: such that sums are exact, or any. */
export function drawQuantoWeight(
  random: Random,
  level: 'exact' | 'legal',
  elements: number,
  { bits, group_size }: Pick<QuantoProductParams, 'bits' | 'group_size'>,
) {
  const isExact = level === 'exact';
  const groups = elements / group_size;
  const packed = [Math.ceil((groups * bits) / 8), group_size];
  const top = 2 ** bits - 1;
  const codes = random.fill(elements, () => random.integer(0, top));
  const floats = (draw: () => number) =>
    hostTensorFrom('f32', [groups, 1], random.fill(groups, draw));
  return {
    packed: hostTensorFrom('u8', packed, packSlices(codes, sizeOf(packed), bits)),
    scale: floats(isExact ? () => 2 ** random.integer(-2, 1) : () => random.uniform(0.1, 2)),
    shift: floats(isExact ? () => random.integer(0, top) : () => random.uniform(0, top)),
  };
}

interface Description {
  readonly level: 'exact' | 'legal';
  readonly bits: 4 | 2;
  readonly x: Shape;
  readonly out: number;
  readonly group_size?: number;
  readonly transpose_weight?: boolean;
  readonly variants?: readonly string[];
  readonly tier?: 'quick' | 'full';
  readonly gradientTier?: 'full';
}

const REGISTER = ['register'];
const ALL = ['register', 'subgroup', 'tiled'];

/** A sample of x and a weight [out, terms of x], or [terms of x, out] as it lies. */
function sample({
  level,
  bits,
  x,
  out,
  group_size = 32,
  transpose_weight = true,
  variants = REGISTER,
  tier = 'quick',
  gradientTier,
}: Description): SampleOf<typeof signature> {
  const terms = x.at(-1) as number;
  const [out_features, in_features] = transpose_weight ? [out, terms] : [terms, out];
  const y = [...x.slice(0, -1), out];
  const draw = (random: Random) =>
    level === 'exact' ? () => random.integer(-4, 4) : () => random.normal();
  const params = { bits, group_size, out_features, in_features, transpose_weight };
  return {
    level,
    variants,
    tier,
    ...(gradientTier ? { gradientTier } : {}),
    label: {
      x: formatShape(x),
      out,
      bits,
      group: group_size,
      ...(transpose_weight ? {} : { transpose: 'no' }),
    },
    params,
    inputs: (random) => ({
      x: hostTensorFrom('f32', x, random.fill(sizeOf(x), draw(random))),
      ...drawQuantoWeight(random, level, out_features * in_features, params),
    }),
    grads: (random) => ({ y: hostTensorFrom('f32', y, random.fill(sizeOf(y), draw(random))) }),
  };
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
];

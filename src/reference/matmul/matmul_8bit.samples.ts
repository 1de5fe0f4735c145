import { createDynamicMap } from '../../quant/dynamic/map.ts';
import { E4M3, E4M3FNUZ, E5M2, nearestCode, type SmallFloat } from '../../quant/small-floats.ts';
import { filledTensor, type HostTensor, hostTensor, hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import type { ByteCodes, matmul8bit as signature } from '../../vocabulary/matmul/matmul_8bit.ts';
import type { SampleOf } from '../define.ts';
import { type Described, decodedSample, weightOf } from './decoded-sample.ts';

type Level = 'exact' | 'legal';

/** Codes that stand for numbers of every size, or in exact samples for small whole ones. */
function drawCode(random: Random, level: Level, codes: ByteCodes): number {
  const float = (format: SmallFloat) => {
    if (level === 'exact') return nearestCode(random.integer(-8, 8), format);
    const code = random.integer(0, format.magnitudes.length - 1);
    const sign = format.sign * random.integer(0, 1);
    return code > 0 || format.signedZero ? code + sign : code;
  };
  switch (codes) {
    case 'int8':
      return level === 'exact' ? random.integer(-8, 8) : random.integer(-128, 127);
    case 'uint8':
      return level === 'exact' ? random.integer(120, 136) : random.integer(0, 255);
    case 'map':
      return random.integer(0, 255);
    case 'e4m3':
      return float(E4M3);
    case 'e4m3fnuz':
      return float(E4M3FNUZ);
    case 'e5m2':
      return float(E5M2);
  }
}

/** What a map has for each code: bitsandbytes' own, or in exact samples small whole numbers. */
function drawMap(random: Random, level: Level): HostTensor {
  return level === 'legal'
    ? hostTensor('f32', [256], createDynamicMap(true))
    : hostTensorFrom(
        'f32',
        [256],
        random.fill(256, () => random.integer(-8, 8)),
      );
}

/** How a weight is coded that is drawn. */
interface Coded {
  readonly level: Level;
  readonly codes: ByteCodes;
  readonly blocksize: number;
  /** Whether blocks have zero points. Default no. */
  readonly shifted?: boolean;
}

/** Codes and scales of a weight: such that sums are exact, or any. */
export function drawByteWeight(
  random: Random,
  shape: Shape,
  { level, codes, blocksize, shifted = false }: Coded,
): Readonly<Record<'q' | 'scale', HostTensor>> & {
  readonly zero_point?: HostTensor;
  readonly code?: HostTensor;
} {
  const elements = sizeOf(shape);
  const blocks = Math.ceil(elements / blocksize);
  const drawScale = () => (level === 'exact' ? 2 ** random.integer(-2, 1) : random.uniform(0.1, 2));
  const drawCodes = (of: Shape) =>
    filledTensor(codes === 'int8' ? 'i8' : 'u8', of, () => drawCode(random, level, codes));
  return {
    q: drawCodes(shape),
    scale: hostTensorFrom('f32', [blocks], random.fill(blocks, drawScale)),
    ...(shifted ? { zero_point: drawCodes([blocks]) } : {}),
    ...(codes === 'map' ? { code: drawMap(random, level) } : {}),
  };
}

interface Description extends Described {
  readonly codes: ByteCodes;
  readonly axis?: -1;
  /** Default a block for each line of the weight, or with an axis for each column. */
  readonly blocksize?: number;
  readonly shifted?: true;
}

function sample({
  codes,
  axis,
  blocksize: given,
  shifted,
  ...of
}: Description): SampleOf<typeof signature> {
  const { level, transpose_weight = true } = of;
  const shape = weightOf(of);
  const [out_features, in_features] = shape;
  const blocksize = given ?? (axis ? out_features : in_features);
  const params = { codes, axis, blocksize, out_features, in_features, transpose_weight };
  const weight = (random: Random) =>
    drawByteWeight(random, shape, { level, codes, blocksize, ...(shifted && { shifted }) });
  const label = {
    codes,
    ...(axis && { axis }),
    block: blocksize,
    ...(shifted && { zeros: 'each' }),
  };
  return { ...decodedSample({ variants: REGISTER, ...of }, weight, { label }), params };
}

const REGISTER = ['register'];
const ALL = ['register', 'subgroup', 'tiled'];
const FULL = { tier: 'full', gradientTier: 'full' } as const;

export const samples: readonly SampleOf<typeof signature>[] = [
  // A scale for each line, for all, for each block of a line, and for blocks that lines share.
  sample({ level: 'exact', codes: 'int8', x: [11, 44], out: 12 }),
  sample({ level: 'legal', codes: 'int8', x: [3, 64], out: 64 }),
  sample({
    level: 'exact',
    codes: 'int8',
    x: [37, 48],
    out: 29,
    blocksize: 1392,
    variants: ['tiled'],
    ...FULL,
  }),
  sample({
    level: 'exact',
    codes: 'int8',
    x: [5, 48],
    out: 20,
    blocksize: 960,
    variants: ['subgroup'],
  }),
  sample({
    ...{ level: 'legal', codes: 'map', x: [5, 96], out: 24, blocksize: 64 },
    gradientTier: 'full',
  }),
  sample({ level: 'exact', codes: 'map', x: [6, 32], out: 20, blocksize: 8, ...FULL }),
  sample({ level: 'exact', codes: 'int8', x: [3, 20], out: 24, blocksize: 80 }),
  sample({ level: 'legal', codes: 'e4m3', x: [2, 96], out: 12, gradientTier: 'full' }),
  sample({ level: 'legal', codes: 'e5m2', x: [1, 40], out: 8, gradientTier: 'full' }),
  sample({ level: 'legal', codes: 'e4m3fnuz', x: [3, 48], out: 9, ...FULL }),
  sample({ level: 'exact', codes: 'e4m3', x: [37, 36], out: 28, variants: ALL, ...FULL }),
  sample({ level: 'exact', codes: 'e5m2', x: [9, 36], out: 28, variants: ALL, ...FULL }),
  sample({ level: 'exact', codes: 'e4m3fnuz', x: [9, 36], out: 28, variants: ALL, ...FULL }),
  // Lines of no whole words, and blocks that begin anywhere.
  sample({ level: 'exact', codes: 'int8', x: [5, 37], out: 13 }),
  sample({
    level: 'legal',
    codes: 'map',
    x: [3, 7, 13],
    out: 11,
    blocksize: 32,
    gradientTier: 'full',
  }),
  sample({ level: 'exact', codes: 'e4m3', x: [1, 9], out: 7, blocksize: 5, ...FULL }),
  sample({ level: 'exact', codes: 'int8', x: [9, 37], out: 29, variants: ALL, ...FULL }),
  // Zero points of blocks that end with words, and of those that end anywhere.
  sample({ level: 'exact', codes: 'uint8', x: [5, 48], out: 20, shifted: true, ...FULL }),
  sample({
    ...{ level: 'legal', codes: 'int8', x: [6, 64], out: 20, blocksize: 32, shifted: true },
    ...FULL,
  }),
  sample({
    ...{ level: 'exact', codes: 'uint8', x: [3, 37], out: 13, blocksize: 7, shifted: true },
    gradientTier: 'full',
  }),
  sample({
    ...{ level: 'exact', codes: 'int8', x: [9, 37], out: 29, blocksize: 74, shifted: true },
    ...{ variants: ALL, ...FULL },
  }),
  sample({ level: 'exact', codes: 'uint8', x: [1, 36], out: 12, ...FULL }),
  sample({
    ...{ level: 'exact', codes: 'map', x: [3, 7, 8], out: 64, blocksize: 16 },
    ...{ transpose_weight: false, ...FULL },
  }),
  sample({
    ...{ level: 'legal', codes: 'int8', x: [9, 37], out: 96 },
    ...{ transpose_weight: false, variants: ALL, ...FULL },
  }),
  // Scales of columns, where lines are whole words and where they are not.
  sample({ level: 'exact', codes: 'int8', axis: -1, x: [5, 44], out: 13, gradientTier: 'full' }),
  sample({
    ...{ level: 'exact', codes: 'uint8', axis: -1, x: [3, 44], out: 13, shifted: true },
    gradientTier: 'full',
  }),
  sample({ level: 'legal', codes: 'e4m3', axis: -1, x: [3, 37], out: 13, ...FULL }),
  sample({ level: 'legal', codes: 'int8', axis: -1, x: [3, 40], out: 40, ...FULL }),
  sample({
    ...{ level: 'exact', codes: 'uint8', axis: -1, x: [9, 36], out: 29, shifted: true },
    ...{ variants: ALL, ...FULL },
  }),
  sample({
    ...{ level: 'exact', codes: 'e5m2', axis: -1, x: [9, 29], out: 37, ...FULL },
    ...{ transpose_weight: false, variants: ALL },
  }),
];

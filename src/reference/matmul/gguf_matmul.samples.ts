import { GGUF_TYPES, type GgufType } from '../../quant/gguf/types.ts';
import { filledTensor } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import type { ggufMatmul as signature } from '../../vocabulary/matmul/gguf_matmul.ts';
import type { SampleOf } from '../define.ts';
import { drawnBlocks } from '../quant/gguf-drawn-blocks.ts';

/** Tiles of a few rows or columns; a result of more than eight of both can be `tiled`. */
const LANES = ['register', 'subgroup'];
const ALL = [...LANES, 'tiled'];

/**
 * A product of x and a weight [out, terms of x]. Exact ones are of whole numbers: halves are 1 or
 * -1, and no sum passes 2^24.
 */
export function sample(
  level: 'exact' | 'legal',
  type: GgufType,
  x: Shape,
  out: number,
  variants: readonly string[] = LANES,
): SampleOf<typeof signature> {
  const y = [...x.slice(0, -1), out];
  const blocks = (x.at(-1) as number) / GGUF_TYPES[type].elements;
  const draw = (random: Random) => (level === 'exact' ? random.integer(-4, 4) : random.normal());
  const half = (random: Random) =>
    level === 'exact' ? 2 * random.integer(0, 1) - 1 : random.normal(0.01);
  return {
    level,
    variants,
    label: { type, x: formatShape(x), out },
    params: { quant_type: type },
    inputs: (random) => ({
      x: filledTensor('f32', x, () => draw(random)),
      packed: drawnBlocks(random, type, [out], blocks, half),
    }),
    grads: (random) => ({
      y: filledTensor('f32', y, () => draw(random)),
    }),
  };
}

export const samples: readonly SampleOf<typeof signature>[] = [
  // Rows of W begin inside words.
  { ...sample('exact', 'q4_0', [37, 96], 29, ['tiled']), gradientTier: 'full' },
  { ...sample('exact', 'q4_0', [37, 96], 29), tier: 'full' },
  { ...sample('exact', 'q4_0', [2, 3, 32], 19), tier: 'full' },
  { ...sample('legal', 'q4_0', [64, 160], 36, ALL), tier: 'full' },
  { ...sample('exact', 'q5_0', [8, 64], 12), tier: 'full' },
  { ...sample('exact', 'q8_0', [19, 96], 35, ALL), tier: 'full' },
  { ...sample('legal', 'q8_0', [1, 128], 7, ['register']), gradientTier: 'full' },
  // What follows the last row is a guard, whose bits are no number as the scale of a block.
  sample('exact', 'q4_k', [9, 256], 18, ['register']),
  { ...sample('exact', 'q4_k', [9, 256], 18, ['subgroup', 'tiled']), tier: 'full' },
  { ...sample('legal', 'q4_k', [1, 512], 5, ['register']), tier: 'full' },
  { ...sample('legal', 'q5_k', [8, 256], 13), tier: 'full' },
  { ...sample('exact', 'q5_k', [3, 512], 4), tier: 'full' },
  { ...sample('exact', 'q6_k', [5, 256], 9, ['subgroup']), gradientTier: 'full' },
  { ...sample('exact', 'q6_k', [5, 256], 9, ['register']), tier: 'full' },
  { ...sample('legal', 'q6_k', [17, 512], 10, ALL), tier: 'full' },
];

import { filledTensor } from '../../../tensor/host.ts';
import type { Random } from '../../../tensor/random.ts';
import { formatShape, type Shape } from '../../../tensor/shape.ts';
import { loraLinear } from '../../../vocabulary/lora/lora_linear.ts';
import { completed, type GivenParams } from '../../../vocabulary/signature.ts';
import type { SampleOf } from '../../define.ts';
import { drawWeight } from '../../matmul/matmul_quantized.samples.ts';

interface Options {
  readonly bias?: boolean;
  readonly variants?: readonly string[];
}

function sample(
  level: 'exact' | 'legal',
  x: Shape,
  out: number,
  params: GivenParams<typeof loraLinear>,
  { bias = false, variants }: Options = {},
): SampleOf<typeof loraLinear> {
  const { r, alpha, base, blocksize, use_rslora, use_dora } = completed(loraLinear, params);
  const features = x.at(-1) as number;
  const tensor = (random: Random, shape: Shape) => {
    const draw = level === 'exact' ? () => random.integer(-3, 3) : () => random.normal();
    return filledTensor('f32', shape, draw);
  };
  return {
    level,
    ...(variants ? { variants } : {}),
    label: {
      x: formatShape(x),
      out,
      r,
      alpha,
      base,
      ...(use_rslora ? { rslora: true } : {}),
      ...(use_dora ? { dora: true } : {}),
      ...(bias ? { bias: true } : {}),
    },
    params,
    inputs: (random) => ({
      x: tensor(random, x),
      ...(base === 'dense'
        ? { weight: tensor(random, [out, features]) }
        : drawWeight(random, level, { quant_type: base, blocksize, elements: out * features })),
      lora_A: tensor(random, [r, features]),
      lora_B: tensor(random, [out, r]),
      ...(bias ? { bias: tensor(random, [out]) } : {}),
      ...(use_dora ? { magnitude: tensor(random, [out]) } : {}),
    }),
    grads: (random) => ({ y: tensor(random, [...x.slice(0, -1), out]) }),
  };
}

/** Scales of the exact samples are powers of two: 16/8, 8/sqrt(4), 2/4. */
export const samples: readonly SampleOf<typeof loraLinear>[] = [
  sample('exact', [2, 5, 53], 29, { r: 8, alpha: 16 }, { bias: true }),
  sample('exact', [1, 1], 1, { r: 1, alpha: 1 }, { variants: ['register'] }),
  sample(
    'exact',
    [37, 24],
    36,
    { r: 4, alpha: 8, use_rslora: true, base: 'nf4', blocksize: 32 },
    { bias: true, variants: ['tiled'] },
  ),
  {
    ...sample(
      'exact',
      [37, 24],
      36,
      { r: 4, alpha: 8, use_rslora: true, base: 'nf4', blocksize: 32 },
      { bias: true, variants: ['subgroup'] },
    ),
    tier: 'full',
  },
  {
    ...sample('exact', [13, 53], 29, { r: 4, alpha: 2, base: 'fp4' }, { variants: ['register'] }),
    tier: 'full',
  },
  sample(
    'legal',
    [19, 64],
    48,
    { r: 8, alpha: 16 },
    { bias: true, variants: ['register', 'subgroup'] },
  ),
  sample(
    'legal',
    [3, 7, 53],
    29,
    { r: 5, alpha: 7, use_rslora: true, base: 'nf4' },
    { variants: ['register', 'subgroup'] },
  ),
  sample('legal', [3, 1], 128, { r: 1, alpha: 1, use_dora: true }, { variants: ['register'] }),
  sample(
    'legal',
    [6, 38],
    67,
    { r: 3, alpha: 5, use_dora: true },
    { bias: true, variants: ['register'] },
  ),
  {
    ...sample(
      'legal',
      [2, 3, 27],
      11,
      { r: 2, alpha: 3, use_dora: true, base: 'fp4', blocksize: 32 },
      { variants: ['register'] },
    ),
    tier: 'full',
  },
  sample(
    'legal',
    [1, 32],
    128,
    { r: 4, alpha: 3, use_rslora: true, use_dora: true, base: 'nf4' },
    { variants: ['register'] },
  ),
];

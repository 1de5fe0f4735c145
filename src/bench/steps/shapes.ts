import { type Shape, sizeOf } from '../../tensor/shape.ts';
import type { LlamaStep, StepOf } from '../work.ts';

type Shapes = Readonly<Record<string, Shape>>;
type Of<Model extends StepOf['model']> = Extract<StepOf, { readonly model: Model }>;

/** Channels of the four stages of ResNet-18, two blocks each. */
export const STAGES = [64, 128, 256, 512] as const;

/** Side of the images. */
export const SIDE = 32;

/** What a block of ResNet-18 is made of. */
export interface ResidualBlock {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly stride: 1 | 2;
}

/** The eight blocks of ResNet-18; those of stride 2 or with other channels have a `downsample`. */
export const BLOCKS: readonly ResidualBlock[] = STAGES.flatMap((to, stage) => {
  const name = `layer${stage + 1}`;
  const from = STAGES[stage - 1] ?? to;
  return [
    { name: `${name}.0`, from, to, stride: stage === 0 ? 1 : 2 },
    { name: `${name}.1`, from: to, to, stride: 1 },
  ] as const;
});

const linear = (name: string, out: number, from: number): Shapes => ({
  [`${name}.weight`]: [out, from],
  [`${name}.bias`]: [out],
});
const norm = (name: string, width: number): Shapes => ({
  [`${name}.weight`]: [width],
  [`${name}.bias`]: [width],
});
const all = (parts: readonly Shapes[]): Shapes => Object.assign({}, ...parts);
const numbered = (count: number, part: (i: number) => Shapes): Shapes =>
  all(Array.from({ length: count }, (_, i) => part(i)));

function transformer({ tokens, width, blocks, vocabulary }: Of<'transformer'>): Shapes {
  return {
    'embeddings.weight': [vocabulary, width],
    'positions.weight': [tokens, width],
    ...numbered(blocks, (i) => {
      const at = `blocks.${i}`;
      return all([
        norm(`${at}.norm1`, width),
        ...['q', 'k', 'v', 'o'].map((name) => linear(`${at}.${name}`, width, width)),
        norm(`${at}.norm2`, width),
        linear(`${at}.up`, 4 * width, width),
        linear(`${at}.down`, width, 4 * width),
      ]);
    }),
    ...norm('norm', width),
    'head.weight': [vocabulary, width],
  };
}

function resnet({ classes }: Of<'resnet18'>): Shapes {
  const convolution = (name: string, to: number, from: number, kernel: number): Shapes => ({
    [`${name}.weight`]: [to, from, kernel, kernel],
  });
  return all([
    convolution('conv1', STAGES[0], 3, 3),
    norm('bn1', STAGES[0]),
    ...BLOCKS.flatMap(({ name, from, to, stride }) => [
      convolution(`${name}.conv1`, to, from, 3),
      norm(`${name}.bn1`, to),
      convolution(`${name}.conv2`, to, to, 3),
      norm(`${name}.bn2`, to),
      ...(stride === 1
        ? []
        : [convolution(`${name}.downsample.0`, to, from, 1), norm(`${name}.downsample.1`, to)]),
    ]),
    linear('fc', classes, STAGES[3]),
  ]);
}

/** Linears of a Llama that have an adapter where not all have one. */
const ADAPTED = ['self_attn.q_proj', 'self_attn.v_proj'];

/** Elements that share a scale, where the base is in codes: a row has whole blocks of them. */
export const BLOCK = 64;

/** Linears of a block of a Llama, [out, in]. */
export const llamaLinears = ({ width, intermediate }: Of<'llama-lora'>): Shapes => ({
  'self_attn.q_proj': [width, width],
  'self_attn.k_proj': [width, width],
  'self_attn.v_proj': [width, width],
  'self_attn.o_proj': [width, width],
  'mlp.gate_proj': [intermediate, width],
  'mlp.up_proj': [intermediate, width],
  'mlp.down_proj': [width, intermediate],
});

/** What a base in codes has in the place of a weight [out, in]: a byte for two, scales by row. */
function codedShapes(name: string, [out, from]: readonly [number, number]): Shapes {
  return {
    [`${name}.weight.packed`]: [(out * from) / 2, 1],
    [`${name}.weight.absmax`]: [(out * from) / BLOCK],
  };
}

function llama(step: Of<'llama-lora'>): Shapes {
  const { width, layers, vocabulary, rank } = step;
  const isAdapted = (name: string) => step.adapted === 'all-linear' || ADAPTED.includes(name);
  const linearOf = (at: string, name: string, shape: Shape): Shapes => {
    const [out, from] = shape as readonly [number, number];
    return {
      ...(step.base
        ? codedShapes(`${at}.${name}`, [out, from])
        : { [`${at}.${name}.weight`]: shape }),
      ...(isAdapted(name)
        ? { [`${at}.${name}.lora_A`]: [rank, from], [`${at}.${name}.lora_B`]: [out, rank] }
        : {}),
    };
  };
  return {
    'model.embed_tokens.weight': [vocabulary, width],
    ...numbered(layers, (i) => {
      const at = `model.layers.${i}`;
      return all([
        { [`${at}.input_layernorm.weight`]: [width] },
        { [`${at}.post_attention_layernorm.weight`]: [width] },
        ...Object.entries(llamaLinears(step)).map(([name, shape]) => linearOf(at, name, shape)),
      ]);
    }),
    'model.norm.weight': [width],
    'lm_head.weight': [vocabulary, width],
  };
}

/** The shapes of a model's weights by name, linears [out, in] and kernels [out, in, h, w]. */
export function parameterShapes(step: StepOf): Shapes {
  switch (step.model) {
    case 'mlp':
      return all([
        linear('fc1', step.hidden, step.inputs),
        linear('fc2', step.classes, step.hidden),
      ]);
    case 'transformer':
      return transformer(step);
    case 'resnet18':
      return resnet(step);
    case 'llama-lora':
      return llama(step);
  }
}

/** Whether a weight is trained: of a base with adapters these alone. */
export function isTrained({ model }: StepOf, name: string): boolean {
  return model !== 'llama-lora' || /\.lora_[AB]$/.test(name);
}

/** The step whose base is float32, with a weight for each linear. */
export function dense(step: StepOf): StepOf {
  if (step.model !== 'llama-lora') return step;
  const { base, ...others } = step;
  return others;
}

/**
 * Floating-point operations of the products of a forward pass: a product and a sum for each weight
 * and row that it meets, and in attention for each pair of tokens.
 */
export function forwardFlops(step: StepOf): number {
  const shapes = Object.entries(parameterShapes(dense(step)));
  const weights = (isOne: (name: string) => boolean) =>
    shapes.reduce((sum, [name, shape]) => {
      const isProduct = shape.length > 1 && isOne(name);
      return sum + (isProduct ? sizeOf(shape) : 0);
    }, 0);
  switch (step.model) {
    case 'mlp':
      return 2 * step.batch * weights(() => true);
    case 'resnet18': {
      const convolutions = shapes.reduce((sum, [name, shape]) => {
        const stage = Number(/^layer(\d)/.exec(name)?.[1] ?? 1);
        const side = SIDE / 2 ** (stage - 1);
        return sum + (shape.length === 4 ? sizeOf(shape) * side * side : 0);
      }, 0);
      return 2 * step.batch * (convolutions + weights((name) => name === 'fc.weight'));
    }
    default: {
      const rows = step.batch * step.tokens;
      const products = weights((name) => !/embed|positions/.test(name));
      const depth = step.model === 'transformer' ? step.blocks : step.layers;
      // Causal: half of the pairs.
      const pairs = depth * 2 * step.width * (step.tokens / 2);
      return 2 * rows * (products + pairs);
    }
  }
}

/** The same of a pass that reads the last `read` tokens of a text, and heads the last alone. */
export function passFlops(step: LlamaStep, read: number): number {
  const { tokens, width, layers, vocabulary } = step;
  const products = Object.entries(parameterShapes(dense(step))).reduce(
    (sum, [name, shape]) =>
      sum + (shape.length > 1 && name.startsWith('model.layers.') ? sizeOf(shape) : 0),
    0,
  );
  const pairs = layers * 2 * width * (tokens - read / 2);
  return 2 * read * (products + pairs) + 2 * width * vocabulary;
}

/** Bytes of all that a model keeps: codes, and floats. */
export const parameterBytes = (step: StepOf): number =>
  Object.entries(parameterShapes(step)).reduce(
    (sum, [name, shape]) => sum + (name.endsWith('.packed') ? 1 : 4) * sizeOf(shape),
    0,
  );

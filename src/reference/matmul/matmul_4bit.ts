import { FOUR_BIT_CODES, type FourBitType } from '../../quant/four-bit-tables.ts';
import { type HostTensors, hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import type { OpRecord, RecordFault, Sample, Value, Values } from '../record.ts';
import { wrongParams } from '../wrong-value.ts';
import { product, productBound } from './product.ts';

/** The vocabulary's parameters of matmul_4bit. */
export interface Matmul4bitParams {
  readonly quant_type: FourBitType;
  readonly blocksize: number;
  readonly out_features: number;
  readonly in_features: number;
  readonly transpose_weight?: boolean;
}

/** The weight that codes and block scales stand for, in float64. */
export function decodeWeight(
  packed: Value,
  absmax: Value,
  { quant_type, blocksize, shape }: { readonly quant_type: FourBitType; readonly blocksize: number; readonly shape: Shape },
): Value {
  const table = FOUR_BIT_CODES[quant_type];
  const data = new Float64Array(sizeOf(shape)).map((_, i) => {
    const byte = packed.data[Math.floor(i / 2)] as number;
    const code = i % 2 === 0 ? Math.floor(byte / 16) : byte % 16;
    return (table[code] as number) * (absmax.data[Math.floor(i / blocksize)] as number);
  });
  return { shape, data };
}

const weightOf = ({ packed, absmax }: Values, { quant_type, blocksize, out_features, in_features }: Matmul4bitParams): Value =>
  decodeWeight(packed as Value, absmax as Value, { quant_type, blocksize, shape: [out_features, in_features] });

/** A decoded weight has been rounded once, which counts as one more operation in every product. */
const withDecoding = (depth: (terms: number) => number) => (terms: number) => depth(terms) + 1;

/** Codes whose values are -1, 0 and 1, so that sums with integers are exact. */
const WHOLE_CODES: Readonly<Record<FourBitType, readonly number[]>> = { nf4: [0, 7, 15], fp4: [11, 0, 3] };

/** Draws codes and block scales of a weight of `elements` elements: of whole values (L0), or any. */
export function drawWeight(
  random: Random,
  layer: 'exact' | 'legal',
  { quant_type, blocksize, elements }: { readonly quant_type: FourBitType; readonly blocksize: number; readonly elements: number },
): HostTensors {
  const whole = WHOLE_CODES[quant_type];
  const code = layer === 'exact' ? () => whole[random.integer(0, 2)] as number : () => random.integer(0, 15);
  const bytes = Math.ceil(elements / 2);
  const blocks = Math.ceil(elements / blocksize);
  const scale = layer === 'exact' ? () => 2 ** random.integer(-2, 2) : () => random.uniform(0.25, 4);
  return {
    packed: hostTensorFrom(
      'u8',
      [bytes, 1],
      random.fill(bytes, () => code() * 16 + code()),
    ),
    absmax: hostTensorFrom('f32', [blocks], random.fill(blocks, scale)),
  };
}

function sample(layer: 'exact' | 'legal', x: Shape, out: number, quant_type: FourBitType, blocksize: number): Sample<Matmul4bitParams> {
  const in_features = x.at(-1) as number;
  const draw = (random: Random) => (layer === 'exact' ? () => random.integer(-8, 8) : () => random.normal());
  const y = [...x.slice(0, -1), out];
  return {
    layer,
    label: { x: formatShape(x), out, type: quant_type, block: blocksize },
    params: { quant_type, blocksize, out_features: out, in_features },
    inputs: (random) => ({
      x: hostTensorFrom('f32', x, random.fill(sizeOf(x), draw(random))),
      ...drawWeight(random, layer, { quant_type, blocksize, elements: out * in_features }),
    }),
    grads: (random) => ({ y: hostTensorFrom('f32', y, random.fill(sizeOf(y), draw(random))) }),
  };
}

function swappedNibbles(variant: string, file: string, direction: 'forward' | 'backward'): RecordFault {
  const from = 'return ((word & 0x0f0f0f0fu) << 4u) | ((word >> 4u) & 0x0f0f0f0fu);';
  return { name: 'nibbles swapped', direction, variants: [variant], shader: { file, from, to: 'return word;' } };
}

/** The product of bitsandbytes' matmul_4bit, in float32 compute. */
export const record: OpRecord<Matmul4bitParams> = {
  name: 'matmul_4bit',
  family: 'matmul',
  summary: 'y = x W^T with W decoded from NF4 or FP4 codes in registers',
  inputs: { x: { dtypes: ['f32'], differentiable: true }, packed: { dtypes: ['u8'] }, absmax: { dtypes: ['f32'] } },
  outputs: { y: { dtypes: ['f32'] } },
  forward: (inputs, params) => ({ y: product(inputs['x'] as Value, weightOf(inputs, params), false, params.transpose_weight ?? true) }),
  acceptance: (inputs, _outputs, params, { depth }) => ({
    y: productBound(inputs['x'] as Value, weightOf(inputs, params), false, params.transpose_weight ?? true, withDecoding(depth)),
  }),
  vjp: (inputs, params, grads) => ({
    x: product(grads['y'] as Value, weightOf(inputs, params), false, !(params.transpose_weight ?? true)),
  }),
  vjpAcceptance: (inputs, _gradients, params, grads, { depth }) => ({
    x: productBound(grads['y'] as Value, weightOf(inputs, params), false, !(params.transpose_weight ?? true), withDecoding(depth)),
  }),
  samples: [
    sample('exact', [37, 53], 29, 'nf4', 32),
    sample('exact', [1, 53], 29, 'fp4', 64),
    sample('exact', [2, 3, 72], 19, 'nf4', 64),
    sample('exact', [1, 72], 19, 'fp4', 4096),
    sample('legal', [37, 53], 29, 'nf4', 32),
    sample('legal', [29, 320], 33, 'fp4', 128),
    // Tall and narrow: tiles of several rows are neighbours, and a row ends inside a word of codes, or in the middle of one.
    sample('exact', [19, 3], 3, 'nf4', 32),
    sample('exact', [5, 12], 7, 'fp4', 32),
    // Whole workgroups, of which none has an invocation to spare.
    sample('exact', [8, 5], 256, 'nf4', 32),
    sample('legal', [1, 1], 1, 'nf4', 32),
  ],
  faults: [
    swappedNibbles('register', 'matmul/matmul_4bit', 'forward'),
    swappedNibbles('register', 'matmul/matmul_4bit_grad', 'backward'),
    swappedNibbles('subgroup', 'matmul/matmul_4bit_subgroup', 'forward'),
    swappedNibbles('subgroup', 'matmul/matmul_4bit_grad_subgroup', 'backward'),
  ],
  wrongValues: [
    wrongParams('blocks twice as long', (params) => ({ ...params, blocksize: params.blocksize * 2 })),
    wrongParams('codes of the other type', (params) => ({ ...params, quant_type: params.quant_type === 'nf4' ? 'fp4' : 'nf4' })),
    {
      name: 'nibbles swapped',
      apply: (inputs, params) => ({ inputs: altered(inputs, 'packed', (x) => (x % 16) * 16 + Math.floor(x / 16)), params }),
    },
    {
      name: 'a code one too high',
      apply: (inputs, params) => ({ inputs: altered(inputs, 'packed', (x, i) => (i === 0 ? x ^ 16 : x)), params }),
    },
    {
      name: 'absmax of the next block',
      apply: (inputs, params) => ({ inputs: altered(inputs, 'absmax', (_, i, all) => all[(i + 1) % all.length] as number), params }),
    },
    { name: 'absmax wrong by 2e-5', apply: (inputs, params) => ({ inputs: altered(inputs, 'absmax', (x) => x * (1 + 2e-5)), params }) },
    {
      name: 'last term dropped',
      apply: (inputs, params) => ({
        inputs: altered(inputs, 'x', (x, i) => (i % params.in_features === params.in_features - 1 ? 0 : x)),
        params,
      }),
    },
  ],
};

function altered(inputs: Values, name: string, change: (x: number, i: number, all: Float64Array) => number): Values {
  const value = inputs[name] as Value;
  return { ...inputs, [name]: { ...value, data: value.data.map((x, i) => change(x, i, value.data)) } };
}

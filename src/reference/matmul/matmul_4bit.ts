import type { Format } from '../../quant/format.ts';
import { fourBitFormat } from '../../quant/registry.ts';
import { decoded, type QuantizedWeight } from '../../quant/weight.ts';
import { type HostTensor, hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { matmul4bit as signature } from '../../vocabulary/matmul/matmul_4bit.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { RecordFault, Value } from '../record.ts';
import { product, productBound } from './product.ts';

type Inputs = InputsOf<typeof signature, Value>;
type Params = ParamsOf<typeof signature>;

/** The weight among the inputs. */
export const quantizedWeight = (
  { packed, absmax }: Inputs,
  { quant_type, blocksize, out_features, in_features }: Params,
): QuantizedWeight<Value> => ({
  format: fourBitFormat(quant_type),
  blocksize,
  shape: [out_features, in_features],
  parts: { packed, absmax },
});

/** The weight in float64. */
function weightOf(inputs: Inputs, params: Params): Value {
  const weight = quantizedWeight(inputs, params);
  return { shape: weight.shape, data: decoded(weight) };
}

/** A decoded weight has been rounded once, which counts as one more operation in every product. */
const withDecoding = (depth: (terms: number) => number) => (terms: number) => depth(terms) + 1;

/** Codes whose values are -1, 0 and 1, so that sums with integers are exact. */
function wholeCodes({ values, zeroCode }: Format): readonly number[] {
  const codes = Array.from(values);
  return [codes.indexOf(-1), zeroCode, codes.indexOf(1)];
}

/**
 * Draws codes and block scales of a weight of `elements` elements: of whole values (L0), or any.
 */
export function drawWeight(
  random: Random,
  level: 'exact' | 'legal',
  {
    quant_type,
    blocksize,
    elements,
  }: { readonly quant_type: string; readonly blocksize: number; readonly elements: number },
): { readonly packed: HostTensor; readonly absmax: HostTensor } {
  const whole = wholeCodes(fourBitFormat(quant_type));
  const code =
    level === 'exact' ? () => whole[random.integer(0, 2)] as number : () => random.integer(0, 15);
  const bytes = Math.ceil(elements / 2);
  const blocks = Math.ceil(elements / blocksize);
  const scale =
    level === 'exact' ? () => 2 ** random.integer(-2, 2) : () => random.uniform(0.25, 4);
  return {
    packed: hostTensorFrom(
      'u8',
      [bytes, 1],
      random.fill(bytes, () => code() * 16 + code()),
    ),
    absmax: hostTensorFrom('f32', [blocks], random.fill(blocks, scale)),
  };
}

function sample(
  level: 'exact' | 'legal',
  x: Shape,
  out: number,
  quant_type: string,
  blocksize: number,
): SampleOf<typeof signature> {
  const in_features = x.at(-1) as number;
  const draw = (random: Random) =>
    level === 'exact' ? () => random.integer(-8, 8) : () => random.normal();
  const y = [...x.slice(0, -1), out];
  return {
    level,
    label: { x: formatShape(x), out, type: quant_type, block: blocksize },
    params: { quant_type, blocksize, out_features: out, in_features },
    inputs: (random) => ({
      x: hostTensorFrom('f32', x, random.fill(sizeOf(x), draw(random))),
      ...drawWeight(random, level, { quant_type, blocksize, elements: out * in_features }),
    }),
    grads: (random) => ({ y: hostTensorFrom('f32', y, random.fill(sizeOf(y), draw(random))) }),
  };
}

function swappedNibbles(
  variant: string,
  file: string,
  direction: 'forward' | 'backward',
): RecordFault {
  const from = 'return ((word & 0x0f0f0f0fu) << 4u) | ((word >> 4u) & 0x0f0f0f0fu);';
  return {
    name: 'nibbles swapped',
    direction,
    variants: [variant],
    shader: { file, from, to: 'return word;' },
  };
}

/** The product of bitsandbytes' matmul_4bit, in float32 compute. */
export const record = defineRecord(signature, {
  summary: 'y = x W^T with W decoded from NF4 or FP4 codes in registers',
  forward: (inputs, params) => ({
    y: product(inputs.x, weightOf(inputs, params), false, params.transpose_weight),
  }),
  acceptance: (inputs, _outputs, params, { depth }) => ({
    y: productBound(
      inputs.x,
      weightOf(inputs, params),
      false,
      params.transpose_weight,
      withDecoding(depth),
    ),
  }),
  vjp: (inputs, params, grads) => ({
    x: product(grads.y, weightOf(inputs, params), false, !params.transpose_weight),
  }),
  vjpAcceptance: (inputs, _gradients, params, grads, { depth }) => ({
    x: productBound(
      grads.y,
      weightOf(inputs, params),
      false,
      !params.transpose_weight,
      withDecoding(depth),
    ),
  }),
  samples: [
    sample('exact', [37, 53], 29, 'nf4', 32),
    sample('exact', [1, 53], 29, 'fp4', 64),
    sample('exact', [2, 3, 72], 19, 'nf4', 64),
    sample('exact', [1, 72], 19, 'fp4', 4096),
    sample('legal', [37, 53], 29, 'nf4', 32),
    sample('legal', [29, 320], 33, 'fp4', 128),
    // Tall and narrow: tiles of several rows are neighbours, and a row ends inside a word of codes,
    // or in the middle of one.
    sample('exact', [19, 3], 3, 'nf4', 32),
    sample('exact', [5, 12], 7, 'fp4', 32),
    // Whole workgroups without an invocation to spare.
    sample('exact', [8, 5], 256, 'nf4', 32),
    sample('legal', [1, 1], 1, 'nf4', 32),
  ],
  faults: [
    swappedNibbles('register', 'matmul/matmul_4bit', 'forward'),
    swappedNibbles('register', 'matmul/matmul_4bit_grad', 'backward'),
    swappedNibbles('subgroup', 'matmul/matmul_4bit_subgroup', 'forward'),
    swappedNibbles('subgroup', 'matmul/matmul_4bit_grad_subgroup', 'backward'),
  ],
  plausibleBugs: [
    paramsBug('blocks twice as long', (params) => ({
      ...params,
      blocksize: params.blocksize * 2,
    })),
    paramsBug('codes of the other type', (params) => ({
      ...params,
      quant_type: params.quant_type === 'nf4' ? 'fp4' : 'nf4',
    })),
    inputBug('nibbles swapped', 'packed', (x) => (x % 16) * 16 + Math.floor(x / 16)),
    inputBug('a code one too high', 'packed', (x, i) => (i === 0 ? x ^ 16 : x)),
    inputBug('absmax of the next block', 'absmax', (_, i, { data }) =>
      Number(data[(i + 1) % data.length]),
    ),
    inputBug('absmax wrong by 2e-5', 'absmax', (x) => x * (1 + 2e-5)),
    inputBug('last term dropped', 'x', (x, i, { shape }) => {
      const terms = shape.at(-1) as number;
      return i % terms === terms - 1 ? 0 : x;
    }),
  ],
});

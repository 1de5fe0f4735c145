import { FOUR_BIT_CODES, type FourBitType } from '../../quant/four-bit-tables.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { EPS, FLUSH, storageStep } from '../bounds.ts';
import type { OpRecord, Sample, Value, Values } from '../record.ts';
import { wrongParams } from '../wrong-value.ts';
import { blockCount } from './blocks.ts';

/** The vocabulary's parameters of dequantize_4bit. */
export interface Dequantize4bitParams {
  readonly quant_type: FourBitType;
  readonly blocksize: number;
  readonly shape: Shape;
  readonly dtype?: 'f32' | 'f16' | 'bf16';
}

/** value(code) * absmax: the first element of a byte is its high nibble. */
function decode({ packed, absmax }: Values, { quant_type, blocksize, shape }: Dequantize4bitParams): Value {
  const [bytes, scales] = [(packed as Value).data, (absmax as Value).data];
  const data = Float64Array.from({ length: sizeOf(shape) }, (_, i) => {
    const byte = bytes[Math.floor(i / 2)] as number;
    const code = i % 2 === 0 ? Math.floor(byte / 16) : byte % 16;
    return (FOUR_BIT_CODES[quant_type][code] as number) * (scales[Math.floor(i / blocksize)] as number);
  });
  return { shape, data };
}

type Layer = Sample<Dequantize4bitParams>['layer'];

function sample(layer: Layer, params: Dequantize4bitParams): Sample<Dequantize4bitParams> {
  const { quant_type, blocksize, shape, dtype = 'f32' } = params;
  const [bytes, blocks] = [Math.ceil(sizeOf(shape) / 2), blockCount(sizeOf(shape), blocksize)];
  // Every legal GPU multiplies by a power of two without error, which leaves table, nibbles and blocks to be seen.
  const scale = layer === 'exact' ? (x: number) => 2 ** Math.round(6 * x) : (x: number) => x;
  return {
    layer,
    label: { y: formatShape(shape), type: quant_type, block: blocksize, ...(dtype === 'f32' ? {} : { dtype }) },
    params,
    inputs: (random) => ({
      packed: hostTensorFrom(
        'u8',
        [bytes, 1],
        random.fill(bytes, () => random.integer(0, 255)),
      ),
      absmax: hostTensorFrom(
        'f32',
        [blocks],
        random.fill(blocks, () => scale(random.uniform())),
      ),
    }),
  };
}

/** Reads code 5 as code 6 in both nibbles, as a table with a wrong entry does. */
const wrongEntry = (byte: number): number => (byte >> 4 === 5 ? byte + 16 : byte) + (byte % 16 === 5 ? 1 : 0);

const swapNibbles = (byte: number): number => (byte % 16) * 16 + Math.floor(byte / 16);

/** Replaces the data of one input. */
function change(inputs: Values, name: 'packed' | 'absmax', data: (x: Float64Array) => Float64Array): Values {
  const value = inputs[name] as Value;
  return { ...inputs, [name]: { ...value, data: data(value.data) } };
}

/** bitsandbytes.functional.dequantize_4bit. */
export const record: OpRecord<Dequantize4bitParams> = {
  name: 'dequantize_4bit',
  family: 'quant',
  summary: 'y = value of the 4-bit code * absmax of its block',
  inputs: { packed: { dtypes: ['u8'] }, absmax: { dtypes: ['f32'] } },
  outputs: { y: { dtypes: ['f32', 'f16', 'bf16'] } },
  forward: (inputs, params) => ({ y: decode(inputs, params) }),
  acceptance: (_inputs, outputs, { dtype }) => ({
    y: { kind: 'within', bound: (outputs['y'] as Value).data.map((y) => EPS * Math.abs(y) + FLUSH + storageStep(y, dtype) / 2) },
  }),
  samples: [
    sample('exact', { quant_type: 'nf4', blocksize: 32, shape: [37, 53] }),
    sample('exact', { quant_type: 'fp4', blocksize: 64, shape: [1000] }),
    sample('legal', { quant_type: 'nf4', blocksize: 64, shape: [1] }),
    sample('legal', { quant_type: 'nf4', blocksize: 128, shape: [64, 64] }),
    sample('legal', { quant_type: 'nf4', blocksize: 4096, shape: [3, 3001], dtype: 'f16' }),
    sample('legal', { quant_type: 'fp4', blocksize: 256, shape: [7, 97], dtype: 'bf16' }),
  ],
  faults: [{ name: 'nibbles swapped', shader: { file: 'quant/dequantize_4bit', from: '((i & 7u) ^ 1u) * 4u', to: '(i & 7u) * 4u' } }],
  wrongValues: [
    { name: 'one table entry wrong', apply: (inputs, params) => ({ inputs: change(inputs, 'packed', (x) => x.map(wrongEntry)), params }) },
    { name: 'nibbles swapped', apply: (inputs, params) => ({ inputs: change(inputs, 'packed', (x) => x.map(swapNibbles)), params }) },
    {
      name: "neighbour's absmax",
      apply: (inputs, params) => ({ inputs: change(inputs, 'absmax', (x) => x.map((a, j) => x[j ^ 1] ?? a)), params }),
    },
    {
      name: 'absmax wrong by 2e-5',
      apply: (inputs, params) => ({ inputs: change(inputs, 'absmax', (x) => x.map((a) => a * (1 + 2e-5))), params }),
    },
    wrongParams('block size doubled', (params) => ({ ...params, blocksize: 2 * params.blocksize })),
    wrongParams('the other 4-bit type', (params) => ({ ...params, quant_type: params.quant_type === 'nf4' ? 'fp4' : 'nf4' })),
    {
      name: 'last byte dropped',
      apply: (inputs, params) => ({ inputs: change(inputs, 'packed', (x) => x.map((b, k) => (k === x.length - 1 ? 0x77 : b))), params }),
    },
  ],
};

import { fourBitFormat } from '../../quant/registry.ts';
import { decoded } from '../../quant/weight.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import { formatShape, sizeOf } from '../../tensor/shape.ts';
import { dequantize4bit as signature } from '../../vocabulary/quant/dequantize_4bit.ts';
import type { GivenParams, InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, storageStep } from '../bounds.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Value } from '../record.ts';
import { blockCount } from './blocks.ts';

/** value(code) * absmax. */
function decode(
  parts: InputsOf<typeof signature, Value>,
  { quant_type, blocksize, shape }: ParamsOf<typeof signature>,
): Value {
  const format = fourBitFormat(quant_type);
  return { shape, data: decoded({ format, blocksize, shape, parts }) };
}

function sample(
  level: 'exact' | 'legal',
  params: GivenParams<typeof signature>,
): SampleOf<typeof signature> {
  const { quant_type, blocksize, shape, dtype = 'f32' } = params;
  const bytes = Math.ceil(sizeOf(shape) / 2);
  const blocks = blockCount(sizeOf(shape), blocksize);
  // Every legal GPU multiplies by a power of two without error, which leaves table, nibbles and
  // blocks to be seen.
  const scale = level === 'exact' ? (x: number) => 2 ** Math.round(6 * x) : (x: number) => x;
  return {
    level,
    label: {
      y: formatShape(shape),
      type: quant_type,
      block: blocksize,
      ...(dtype === 'f32' ? {} : { dtype }),
    },
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
const wrongEntry = (byte: number): number =>
  (byte >> 4 === 5 ? byte + 16 : byte) + (byte % 16 === 5 ? 1 : 0);

const swapNibbles = (byte: number): number => (byte % 16) * 16 + Math.floor(byte / 16);

/** bitsandbytes.functional.dequantize_4bit. */
export const record = defineRecord(signature, {
  summary: 'y = value of the 4-bit code * absmax of its block',
  forward: (inputs, params) => ({ y: decode(inputs, params) }),
  acceptance: (_inputs, outputs, { dtype }) => ({
    y: {
      kind: 'within',
      bound: outputs.y.data.map((y) => EPS * Math.abs(y) + FLUSH + storageStep(y, dtype) / 2),
    },
  }),
  samples: [
    sample('exact', { quant_type: 'nf4', blocksize: 32, shape: [37, 53] }),
    sample('exact', { quant_type: 'fp4', blocksize: 64, shape: [1000] }),
    sample('legal', { quant_type: 'nf4', blocksize: 64, shape: [1] }),
    sample('legal', { quant_type: 'nf4', blocksize: 128, shape: [64, 64] }),
    sample('legal', { quant_type: 'nf4', blocksize: 4096, shape: [3, 3001], dtype: 'f16' }),
    sample('legal', { quant_type: 'fp4', blocksize: 256, shape: [7, 97], dtype: 'bf16' }),
  ],
  faults: [
    {
      name: 'nibbles swapped',
      shader: { file: 'quant/dequantize_4bit', from: '((i & 7u) ^ 1u) * 4u', to: '(i & 7u) * 4u' },
    },
  ],
  plausibleBugs: [
    inputBug('one table entry wrong', 'packed', wrongEntry),
    inputBug('nibbles swapped', 'packed', swapNibbles),
    inputBug("neighbour's absmax", 'absmax', (a, j, { data }) => data[j ^ 1] ?? a),
    inputBug('absmax wrong by 2e-5', 'absmax', (a) => a * (1 + 2e-5)),
    paramsBug('block size doubled', (params) => ({ ...params, blocksize: 2 * params.blocksize })),
    paramsBug('the other 4-bit type', (params) => ({
      ...params,
      quant_type: params.quant_type === 'nf4' ? 'fp4' : 'nf4',
    })),
    inputBug('last byte dropped', 'packed', (b, k, { data }) => (k === data.length - 1 ? 0x77 : b)),
  ],
});

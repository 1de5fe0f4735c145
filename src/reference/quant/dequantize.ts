import type { BlockFormat } from '../../quant/format.ts';
import { blockFormatOf } from '../../quant/registry.ts';
import { decoded } from '../../quant/weight.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { type Dequantize, dequantizations } from '../../vocabulary/quant/dequantize.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, storageStep } from '../bounds.ts';
import { defineRecord, type RecordOf, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { PlausibleBug, Value } from '../record.ts';
import { boundRecords, codesOf, otherFormatBug } from './bound-records.ts';
import { samplesOfFormat } from './dequantize.samples.ts';
import { swappedCodes } from './swapped-codes.ts';

type Inputs = InputsOf<Dequantize, Value>;
type Params = ParamsOf<Dequantize>;

/** value(code) * absmax. */
function decode(parts: Inputs, { quant_type, blocksize, shape }: Params): Value {
  const format = blockFormatOf(quant_type);
  return { shape, data: decoded({ format, blocksize, shape, parts }) };
}

/** Takes one entry of the table for its neighbour: that of zero. */
const wrongEntry: PlausibleBug<Params, Inputs> = {
  name: 'one table entry wrong',
  apply: (inputs, params) => {
    const { packing, zeroCode } = blockFormatOf(params.quant_type);
    const { shape, data } = inputs.packed;
    const codes = Array.from({ length: sizeOf(params.shape) }, (_, i) => packing.codeAt(data, i));
    const wrong = packing.pack(
      codes.map((code) => (code === zeroCode ? code ^ 1 : code)),
      zeroCode,
    );
    return { inputs: { ...inputs, packed: { shape, data: Float64Array.from(wrong) } }, params };
  },
};

const swapNibbles = (byte: number): number => (byte % 16) * 16 + Math.floor(byte / 16);

/** bitsandbytes.functional.dequantize_4bit, in any block format. */
const recordOf = (
  signature: Dequantize,
  formats: readonly BlockFormat[],
  samples: readonly SampleOf<Dequantize>[],
): RecordOf<Dequantize> =>
  defineRecord(signature, {
    summary: `y = value of the code * absmax of its block: ${codesOf(formats)}`,
    forward: (inputs, params) => ({ y: decode(inputs, params) }),
    acceptance: (_inputs, outputs, { dtype }) => ({
      y: {
        kind: 'within',
        bound: outputs.y.data.map((y) => EPS * Math.abs(y) + FLUSH + storageStep(y, dtype) / 2),
      },
    }),
    samples,
    faults: [{ name: 'neighbouring codes swapped', ...swappedCodes('quant/dequantize') }],
    plausibleBugs: [
      wrongEntry,
      inputBug('nibbles swapped', 'packed', swapNibbles),
      inputBug("neighbour's absmax", 'absmax', (a, j, { data }) => data[j ^ 1] ?? a),
      inputBug('absmax wrong by 2e-5', 'absmax', (a) => a * (1 + 2e-5)),
      paramsBug('block size doubled', (params) => ({ ...params, blocksize: 2 * params.blocksize })),
      otherFormatBug<Params, Inputs>(formats),
      inputBug('last byte inverted', 'packed', (b, k, { data }) =>
        k === data.length - 1 ? 255 - b : b,
      ),
    ],
  });

export const records = boundRecords(
  'dequantize',
  dequantizations,
  import.meta.glob<{ readonly samples: readonly SampleOf<Dequantize>[] }>(
    './dequantize_*.samples.ts',
    { eager: true },
  ),
  samplesOfFormat,
  recordOf,
);

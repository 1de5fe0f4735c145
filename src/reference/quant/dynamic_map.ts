import { EPS, FLUSH } from '../bounds.ts';
import type { OpRecord, Sample, Value } from '../record.ts';
import { wrongParams } from '../wrong-value.ts';

/** The vocabulary's parameters of dynamic_map. */
export interface DynamicMapParams {
  readonly signed: boolean;
  readonly max_exponent_bits?: number;
  readonly total_bits?: number;
}

/** Roundings on the way to a value: start, step, their product and sum, twice, their mean, the power of ten, the product. */
const ROUNDINGS = 9;

/** The map without any rounding: midpoints of 2^i (unsigned: 2^(i + 1)) parts of [0.1, 1] at each power 10^(i - 6), then 0 and 1. */
function exactMap({ signed }: DynamicMapParams): Value {
  const positive = [0, 1, 2, 3, 4, 5, 6].flatMap((i) => {
    const parts = signed ? 2 ** i : 2 ** (i + 1);
    return Array.from({ length: parts }, (_, k) => (0.1 + (0.9 * (k + 0.5)) / parts) * 10 ** (i - 6));
  });
  const data = Float64Array.from([...positive, ...(signed ? positive.map((x) => -x) : []), 0, 1]).sort();
  return { shape: [data.length], data };
}

function sample(signed: boolean): Sample<DynamicMapParams> {
  return { layer: 'legal', label: { signed }, params: { signed }, inputs: () => ({}) };
}

/** bitsandbytes.functional.create_dynamic_map. That the values are its own, bit by bit, is a test of src/quant. */
export const record: OpRecord<DynamicMapParams> = {
  name: 'dynamic_map',
  family: 'quant',
  summary: 'the 256 values of 8-bit dynamic quantization, made on the host',
  inputs: {},
  outputs: { code: { dtypes: ['f32'] } },
  unsupported: (_inputs, { max_exponent_bits = 7, total_bits = 8 }) =>
    max_exponent_bits === 7 && total_bits === 8 ? undefined : `a map of ${total_bits} bits with ${max_exponent_bits} of exponent`,
  forward: (_inputs, params) => ({ code: exactMap(params) }),
  acceptance: (_inputs, outputs) => ({
    code: { kind: 'within', bound: (outputs['code'] as Value).data.map((x) => ROUNDINGS * EPS * Math.abs(x) + FLUSH) },
  }),
  samples: [sample(true), sample(false)],
  faults: [{ name: 'the other sign', host: { seam: 'quant.dynamicMap', wrap: (original) => (signed: boolean) => original(!signed) } }],
  wrongValues: [wrongParams('the other sign', (params) => ({ ...params, signed: !params.signed }))],
};

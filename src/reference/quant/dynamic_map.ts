import { dynamicMap as signature } from '../../vocabulary/quant/dynamic_map.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH } from '../bounds.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { paramsBug } from '../plausible-bug.ts';
import type { Value } from '../record.ts';

/**
 * Roundings on the way to a value: start, step, their product and sum, twice, their mean, the power
 * of ten, the product.
 */
const ROUNDINGS = 9;

/**
 * The map without any rounding: midpoints of 2^i (unsigned: 2^(i + 1)) parts of [0.1, 1] at each
 * power 10^(i - 6), then 0 and 1.
 */
function exactMap({ signed }: ParamsOf<typeof signature>): Value {
  const positive = [0, 1, 2, 3, 4, 5, 6].flatMap((i) => {
    const parts = signed ? 2 ** i : 2 ** (i + 1);
    return Array.from(
      { length: parts },
      (_, k) => (0.1 + (0.9 * (k + 0.5)) / parts) * 10 ** (i - 6),
    );
  });
  const signs = signed ? [1, -1] : [1];
  const data = Float64Array.of(
    0,
    1,
    ...positive.flatMap((x) => signs.map((sign) => sign * x)),
  ).sort();
  return { shape: [data.length], data };
}

function sample(signed: boolean): SampleOf<typeof signature> {
  return { level: 'legal', label: { signed }, params: { signed }, inputs: () => ({}) };
}

/**
 * bitsandbytes.functional.create_dynamic_map. That the values are its own, bit by bit, is a test of
 * src/quant.
 */
export const record = defineRecord(signature, {
  summary: 'the 256 values of 8-bit dynamic quantization, made on the host',
  unsupported: (_inputs, { max_exponent_bits, total_bits }) =>
    max_exponent_bits === 7 && total_bits === 8
      ? undefined
      : `a map of ${total_bits} bits with ${max_exponent_bits} of exponent`,
  forward: (_inputs, params) => ({ code: exactMap(params) }),
  acceptance: (_inputs, outputs) => ({
    code: {
      kind: 'within',
      bound: outputs.code.data.map((x) => ROUNDINGS * EPS * Math.abs(x) + FLUSH),
    },
  }),
  samples: [sample(true), sample(false)],
  faults: [
    {
      name: 'the other sign',
      host: {
        seam: 'quant.dynamicMap',
        wrap: (original) => (signed: boolean) => original(!signed),
      },
    },
  ],
  plausibleBugs: [paramsBug('the other sign', (params) => ({ ...params, signed: !params.signed }))],
});

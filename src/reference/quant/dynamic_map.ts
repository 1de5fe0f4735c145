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
 * How many parts [0.1, 1] is cut into at each power of ten; the highest power is 1, and may be there
 * twice. There are 2^i parts (unsigned: 2^(i + 1)) at the i-th power, times 2 for each bit of a code
 * that is neither its sign nor one of the exponent's.
 */
export function cutsOf({
  signed,
  max_exponent_bits,
  total_bits,
}: ParamsOf<typeof signature>): readonly { readonly power: number; readonly parts: number }[] {
  const left = total_bits - 1 - max_exponent_bits;
  const cuts = Array.from({ length: max_exponent_bits }, (_, i) => ({
    power: i - max_exponent_bits + 1,
    parts: 2 ** (i + left + (signed ? 0 : 1)),
  }));
  return [...cuts, { power: 0, parts: 2 ** left - 1 }].filter(({ parts }) => parts >= 1);
}

/** A map of the positive values; a signed one has their negatives too. */
export function mapOf(positive: readonly number[], { signed }: ParamsOf<typeof signature>): Value {
  const values = [0, 1, ...positive, ...(signed ? positive.map((x) => -x) : [])];
  // What has fewer values than a byte is filled up with zeros.
  const data = new Float64Array(256);
  data.set(values);
  return { shape: [256], data: data.sort() };
}

/** The map without any rounding: midpoints of the parts. */
function exactMap(params: ParamsOf<typeof signature>): Value {
  const positive = cutsOf(params).flatMap(({ power, parts }) =>
    Array.from({ length: parts }, (_, k) => (0.1 + (0.9 * (k + 0.5)) / parts) * 10 ** power),
  );
  return mapOf(positive, params);
}

function sample(
  params: Pick<ParamsOf<typeof signature>, 'signed'> & Partial<ParamsOf<typeof signature>>,
): SampleOf<typeof signature> {
  return { level: 'legal', label: { ...params }, params, inputs: () => ({}) };
}

/**
 * bitsandbytes.functional.create_dynamic_map. That the values are its own, bit by bit, is a test of
 * src/quant.
 */
export const record = defineRecord(signature, {
  summary: 'the 256 values of dynamic quantization in at most 8 bits, made on the host',
  unsupported: (_inputs, { signed, max_exponent_bits, total_bits }) =>
    signed || max_exponent_bits === total_bits - 1
      ? undefined
      : `an unsigned map of ${total_bits} bits with ${max_exponent_bits} of exponent`,
  forward: (_inputs, params) => ({ code: exactMap(params) }),
  acceptance: (_inputs, outputs) => ({
    code: {
      kind: 'within',
      bound: outputs.code.data.map((x) => ROUNDINGS * EPS * Math.abs(x) + FLUSH),
    },
  }),
  samples: [
    sample({ signed: true }),
    sample({ signed: false }),
    // Two bits more of the fraction, then more powers than bits, which leaves some without one.
    sample({ signed: true, max_exponent_bits: 5 }),
    sample({ signed: true, max_exponent_bits: 8, total_bits: 6 }),
  ],
  faults: [
    {
      name: 'the other sign',
      host: {
        seam: 'quant.dynamicMap',
        wrap:
          (original) =>
          (signed: boolean, ...rest: unknown[]) =>
            original(!signed, ...rest),
      },
    },
  ],
  plausibleBugs: [
    paramsBug('the other sign', (params) => ({ ...params, signed: !params.signed })),
    paramsBug('an exponent of 7 bits', (params) => ({ ...params, max_exponent_bits: 7 })),
    paramsBug('a bit more', (params) => ({
      ...params,
      total_bits: Math.min(8, params.total_bits + 1),
    })),
  ],
});

import { llama3Frequency } from '../../vocabulary/attention/llama3-frequency.ts';
import { FormatError } from '../format-error.ts';
import type { JsonObject } from '../strict-json.ts';

/** What llama.cpp's conversion divides the frequencies of Llama 3.1 by, one a pair of columns. */
export const ROPE_FACTORS = 'rope_freqs.weight';

/** llama.cpp's conversion computes frequency and factor in float32, a dozen roundings of 2^-24. */
const ROUNDING = 2 ** -20;
/** Every published model with such a scaling has these. */
const BANDS = { low_freq_factor: 1, high_freq_factor: 4 };
/** Powers of two in which first contexts are sought. */
const LEAST_CONTEXT = 4;
const MOST_CONTEXT = 20;

/**
 * The `rope_scaling` of transformers whose factors these are; undefined where they change nothing.
 * Throws FormatError for factors that are not those of a llama3 scaling with its usual bands.
 */
export function scalingOfFactors(
  factors: Float32Array,
  theta: number,
): (JsonObject & { readonly rope_type: 'llama3' }) | undefined {
  if (factors.every((x) => x === 1)) return undefined;
  const factor = Number(factors.reduce((most, x) => Math.max(most, x), 1).toPrecision(6));
  const pairs = factors.length;
  const isMet = (original: number) =>
    factors.every((found, pair) => {
      const plain = theta ** (-pair / pairs);
      const scaling = { rope_type: 'llama3', factor, ...BANDS } as const;
      const scaled = llama3Frequency(plain, {
        ...scaling,
        original_max_position_embeddings: original,
      });
      return Math.abs((found * scaled) / plain - 1) <= ROUNDING;
    });
  for (let power = LEAST_CONTEXT; power <= MOST_CONTEXT; power++)
    if (isMet(2 ** power))
      return {
        rope_type: 'llama3',
        factor,
        ...BANDS,
        original_max_position_embeddings: 2 ** power,
      };
  throw new FormatError(
    `${ROPE_FACTORS} has factors that are not those of Llama 3.1: give the model as a folder of transformers`,
  );
}

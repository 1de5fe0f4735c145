import type { StoredDType } from '../../formats/safetensors/stored.ts';
import { EPS } from '../../reference/bounds.ts';
import type { Acceptance, Arithmetic, Value } from '../../reference/record.ts';
import { seam } from '../../seam.ts';

/** Sums beyond 2^22 terms have no useful bound in any order; the cap keeps gamma defined. */
const LARGEST_DEPTH = 2 ** 22;

/**
 * The arithmetic of a producer whose order of summation is unknown. In any order a product of a sum of n terms goes through its own
 * rounding and at most n - 1 additions; BLAS may scale the result (alpha) and add it to what was there (beta), which are two more.
 * Torch folds the statistics of a batch into one factor and one summand a channel.
 */
export const ANY_ORDER: Arithmetic = { depth: (terms) => Math.min(terms + 2, LARGEST_DEPTH), ieee: false, otherFormulas: true };

/** Bits of precision below the leading one, and exponent of the smallest normal number. */
const HALF_FORMATS = { F16: { bits: 10, minimum: -14 }, BF16: { bits: 7, minimum: -126 } } as const;
const LARGEST_F16 = 65_504;

/**
 * How a recorded value is accepted: as the record says, and a half-precision value also when it is within one unit in the last place of
 * its format, or within the same bound in half-precision arithmetic (whose unit of rounding takes the place of float32's). A gradient may
 * be computed from outputs as they are stored, half a step of the format off where they are small: `flowing` is the largest gradient that
 * multiplies such an error, twice where it is compared with a mean of others.
 */
export const acceptanceOfRecorded = seam(
  'parity.acceptanceOfRecorded',
  (acceptance: Acceptance, dtype: StoredDType, oracle: Value, flowing = 0): Acceptance => {
    if ((dtype !== 'F16' && dtype !== 'BF16') || acceptance.kind === 'codes') return acceptance;
    const stored = unitInTheLastPlace(0, dtype) * flowing;
    const unit = (i: number) => unitInTheLastPlace(oracle.data[i] as number, dtype) + stored;
    if (acceptance.kind === 'exact') return { kind: 'within', bound: oracle.data.map((_, i) => unit(i)) };
    const coarser = 2 ** -HALF_FORMATS[dtype].bits / EPS;
    const { bound, nearest } = acceptance;
    const wider = bound.map((x, i) => Math.max(x + unit(i), x * coarser + stored));
    return { kind: 'within', bound: wider, ...(nearest ? { nearest } : {}) };
  },
);

/** Distance between neighbours of a half format at `x`; infinite where its largest number is passed, so that its infinity is accepted. */
function unitInTheLastPlace(x: number, dtype: keyof typeof HALF_FORMATS): number {
  const { bits, minimum } = HALF_FORMATS[dtype];
  if (dtype === 'F16' && Math.abs(x) > LARGEST_F16) return Number.POSITIVE_INFINITY;
  return 2 ** (Math.max(Math.floor(Math.log2(Math.abs(x))), minimum) - bits);
}

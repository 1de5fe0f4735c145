import type { DType } from '../tensor/dtype.ts';
import { heldAs } from '../tensor/half.ts';
import { storageStep } from './bounds.ts';
import { acceptingOverflow, acceptingOverflowOfCodes } from './overflow.ts';
import type { Acceptance, TensorSpec, Value } from './record.ts';

/** How a half is stored: as either neighbour, as WGSL allows, or as the nearest. */
export type Storing = 'either' | 'nearest';

/**
 * What storing adds to the error of a number that is `y`, give or take `before`: a step of its
 * format, or half of one, which is that of the binade in which the number may be.
 */
export const storingError = (
  y: number,
  before: number,
  dtype: DType | undefined,
  storing: Storing,
): number =>
  storing === 'either' ? storageStep(y, dtype) : storageStep(Math.abs(y) + before, dtype) / 2;

/**
 * When a result that was stored in halves is right: the record speaks of float32, and one rounding
 * to the format comes on top of its bound; a value beyond the format's range becomes the format's
 * largest number or infinity. A record whose `spec` lists the format has that in its acceptance
 * already. Of equal values that the format holds, equality stays.
 */
export function acceptanceOfStored(
  acceptance: Acceptance,
  truth: Value,
  dtype: DType | undefined,
  spec: TensorSpec | undefined,
  storing: Storing = 'either',
): Acceptance {
  if ((dtype !== 'f16' && dtype !== 'bf16') || spec?.dtypes.includes(dtype)) return acceptance;
  if (acceptance.kind === 'codes') return acceptingOverflowOfCodes(acceptance, truth, dtype);
  const holds = (y: number) => heldAs(dtype, y) === y;
  const before = acceptance.kind === 'within' ? acceptance.bound : truth.data.map(() => 0);
  const bound = truth.data.map((y, i) => {
    if (acceptance.kind === 'exact' && holds(y)) return 0;
    const off = before[i] as number;
    return off + storingError(y, off, dtype, storing);
  });
  const nearest = acceptance.kind === 'within' ? acceptance.nearest : undefined;
  const stored = { kind: 'within', bound, ...(nearest ? { nearest } : {}) } as const;
  return acceptingOverflow(stored, truth, dtype, before);
}

import { storageStep } from '../reference/bounds.ts';
import type { Acceptance, TensorSpec, Value } from '../reference/record.ts';
import type { DType } from '../tensor/dtype.ts';
import { bf16FromF32, f16FromF32, f32FromBf16, f32FromF16 } from '../tensor/half.ts';

const LARGEST_F16 = 65_504;

/**
 * When a result that was stored in halves is right: the record speaks of float32, and one rounding to the format comes on top of its
 * bound. A record whose `spec` lists the format has that in its acceptance already. Of equal values that the format holds, equality stays.
 */
export function acceptanceOfStored(
  acceptance: Acceptance,
  truth: Value,
  dtype: DType | undefined,
  spec: TensorSpec | undefined,
): Acceptance {
  if ((dtype !== 'f16' && dtype !== 'bf16') || spec?.dtypes.includes(dtype) || acceptance.kind === 'codes') return acceptance;
  const holds = dtype === 'f16' ? (y: number) => f32FromF16(f16FromF32(y)) === y : (y: number) => f32FromBf16(bf16FromF32(y)) === y;
  const bound = truth.data.map((y, i) => {
    if (acceptance.kind === 'exact' && holds(y)) return 0;
    const before = acceptance.kind === 'within' ? (acceptance.bound[i] as number) : 0;
    const overflows = dtype === 'f16' && Math.abs(y) + before > LARGEST_F16;
    return overflows ? Number.POSITIVE_INFINITY : before + storageStep(y, dtype);
  });
  const nearest = acceptance.kind === 'within' ? acceptance.nearest : undefined;
  return { kind: 'within', bound, ...(nearest ? { nearest } : {}) };
}

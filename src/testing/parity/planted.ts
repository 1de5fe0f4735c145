import type { StoredDType } from '../../formats/safetensors/stored.ts';
import { isRight } from '../../reference/judge.ts';
import type { Acceptance } from '../../reference/record.ts';
import { seam } from '../../seam.ts';
import { heldAs } from '../../tensor/half.ts';
import type { Random } from '../../tensor/random.ts';
import type { Question } from './oracle.ts';

/** A recorded tensor beside what it should be, by the rule for recorded values. */
export interface Asked extends Pick<Question, 'actual' | 'truth' | 'unjudged'> {
  readonly dtype: StoredDType;
  readonly acceptance: Acceptance;
}

/** How many elements were changed, one alone each time, and of how many the judge noticed it. */
export interface Worth {
  readonly planted: number;
  readonly noticed: number;
}

/** What a planted error adds to a number: a hundredth of it, of halves a tenth. */
const FACTORS: Partial<Record<StoredDType, number>> = { F64: 1.01, F32: 1.01, F16: 1.1, BF16: 1.1 };
const HIGHEST: Partial<Record<StoredDType, number>> = { I8: 127, U8: 255, I32: 2 ** 31 - 1 };

/**
 * The number of `dtype` that a planted error makes of `y`: an integer is one more, or one less at
 * the end of its range. Undefined where it is none, as of 0 and what is not finite.
 */
export const changed = seam(
  'parity.changed',
  (y: number, dtype: StoredDType): number | undefined => {
    const factor = FACTORS[dtype];
    if (factor === undefined) return y === HIGHEST[dtype] ? y - 1 : y + 1;
    const wrong = stored(y * factor, dtype);
    return Number.isFinite(wrong) && wrong !== y ? wrong : undefined;
  },
);

function stored(x: number, dtype: StoredDType): number {
  switch (dtype) {
    case 'F16':
      return heldAs('f16', x);
    case 'BF16':
      return heldAs('bf16', x);
    default:
      return dtype === 'F32' ? Math.fround(x) : x;
  }
}

/** Whether the judge notices an error in `y`, element `i`; undefined where none can be planted. */
function notices({ truth, unjudged, dtype, acceptance }: Asked, i: number, y: number) {
  if (unjudged[i]) return undefined;
  const wrong = changed(y, dtype);
  return wrong === undefined ? undefined : !isRight(i, wrong, truth, acceptance);
}

/** What the judge would notice of an error in each element, were it what it should be. */
export function worthOf(asked: readonly Asked[]): Worth {
  let planted = 0;
  let noticed = 0;
  for (const one of asked) {
    for (const [i, y] of one.truth.data.entries()) {
      const isNoticed = notices(one, i, stored(y, one.dtype));
      if (isNoticed === undefined) continue;
      planted++;
      if (isNoticed) noticed++;
    }
  }
  return { planted, noticed };
}

/**
 * Plants an error in one drawn element of one drawn tensor, or the next in which there can be one.
 * Undefined where there can be none in any.
 */
export function plantOne(
  asked: readonly Asked[],
  random: Random,
): (Worth & Pick<Asked, 'dtype'>) | undefined {
  for (const one of startingAnywhere(asked, random)) {
    const size = one.actual.data.length;
    const first = random.integer(0, size - 1);
    for (let n = 0; n < size; n++) {
      const i = (first + n) % size;
      const isNoticed = notices(one, i, one.actual.data[i] as number);
      if (isNoticed !== undefined) {
        return { dtype: one.dtype, planted: 1, noticed: Number(isNoticed) };
      }
    }
  }
  return undefined;
}

function startingAnywhere<T>(list: readonly T[], random: Random): readonly T[] {
  if (list.length === 0) return list;
  const first = random.integer(0, list.length - 1);
  return [...list.slice(first), ...list.slice(0, first)];
}

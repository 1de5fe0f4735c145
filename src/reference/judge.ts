import { coordinatesOf } from '../tensor/shape.ts';
import type { Acceptance, Value } from './record.ts';

/** An element that is wrong, for a report's `at`. */
export interface WrongElement {
  readonly index: number[];
  readonly actual: number | null;
  readonly expected: number | null;
}

/** Size of the errors of one or more outputs; null where it has no number. */
export interface Accuracy {
  readonly maxAbs: number | null;
  readonly maxRel: number | null;
  readonly maxUlp: number | null;
  readonly boundUsed: number | null;
  readonly typicalUsed: number | null;
}

/** What {@link judge} found. */
export interface Judgement {
  readonly ok: boolean;
  readonly compared: number;
  readonly wrong: number;
  readonly firstWrong?: WrongElement;
  /** How far that element may be off, where a bound says it. */
  readonly allowed?: number;
  readonly accuracy?: Accuracy;
  /** Elements of a code that had more than one right answer. */
  readonly inBand: number;
}

/**
 * Judges `actual` against the oracle's value by the rule of the record. Never compares shapes only:
 * every element counts, but for those that `unjudged` marks with 1.
 */
export function judge(
  actual: Value,
  oracle: Value,
  acceptance: Acceptance,
  unjudged?: Uint8Array,
): Judgement {
  if (actual.data.length !== oracle.data.length) {
    throw new TypeError(`judge: ${actual.data.length} elements against ${oracle.data.length}`);
  }
  return acceptance.kind === 'within'
    ? judgeWithin(actual, oracle, acceptance, unjudged)
    : judgeCodes(actual, oracle, acceptance, unjudged);
}

type Within = Extract<Acceptance, { kind: 'within' }>;

function judgeCodes(
  actual: Value,
  oracle: Value,
  acceptance: Exclude<Acceptance, Within>,
  unjudged?: Uint8Array,
): Judgement {
  let compared = 0;
  let wrong = 0;
  let first: number | undefined;
  for (let i = 0; i < actual.data.length; i++) {
    if (unjudged?.[i]) continue;
    compared++;
    if (isRight(i, actual.data[i] as number, oracle, acceptance)) continue;
    wrong++;
    first ??= i;
  }
  return {
    ok: wrong === 0,
    compared,
    wrong,
    inBand: acceptance.kind === 'codes' ? acceptance.inBand : 0,
    ...(first === undefined ? {} : { firstWrong: wrongElement(first, actual, oracle) }),
  };
}

/** One element beside the truth nearest to it. */
interface Measured {
  readonly truth: number;
  readonly error: number;
  readonly limit: number;
  readonly right: boolean;
}

/** Whether `y` is right for element `i`. */
export function isRight(i: number, y: number, oracle: Value, acceptance: Acceptance): boolean {
  switch (acceptance.kind) {
    case 'within':
      return measured(i, y, oracle, acceptance).right;
    // `==` on numbers ignores the sign of zero, and NaN differs from everything, itself included.
    case 'exact':
      return y === oracle.data[i];
    case 'codes':
      return acceptance.accepts(i, y);
  }
}

/** Measures element `i` by a bound. A NaN is wrong, and so is an infinite error at any bound. */
export function measureWithin(
  i: number,
  actual: Value,
  oracle: Value,
  acceptance: Within,
): Measured {
  return measured(i, actual.data[i] as number, oracle, acceptance);
}

function measured(i: number, y: number, oracle: Value, { bound, nearest }: Within): Measured {
  const truth = nearest?.(i, y) ?? (oracle.data[i] as number);
  // Infinities that are equal have no difference.
  const error = y === truth ? 0 : Math.abs(y - truth);
  const limit = bound[i] as number;
  return { truth, error, limit, right: error <= limit && error < Number.POSITIVE_INFINITY };
}

function judgeWithin(
  actual: Value,
  oracle: Value,
  acceptance: Within,
  unjudged?: Uint8Array,
): Judgement {
  const { typical } = acceptance;
  let maxAbs = 0;
  let maxRel = 0;
  let maxUlp = 0;
  let boundUsed = 0;
  let typicalUsed = 0;
  let compared = 0;
  let wrong = 0;
  let first: number | undefined;
  for (let i = 0; i < actual.data.length; i++) {
    if (unjudged?.[i]) continue;
    compared++;
    const { truth, error, limit, right } = measureWithin(i, actual, oracle, acceptance);
    if (!right) {
      wrong++;
      first ??= i;
    }
    maxAbs = Math.max(maxAbs, error);
    // A NaN makes every measure NaN, which is reported as null.
    if (error !== 0) {
      maxRel = Math.max(maxRel, error / Math.abs(truth));
      boundUsed = Math.max(boundUsed, error / limit);
      maxUlp = Math.max(maxUlp, error / ulp(truth));
      if (typical) typicalUsed = Math.max(typicalUsed, error / (typical[i] as number));
    }
  }
  return {
    ok: wrong === 0,
    compared,
    wrong,
    inBand: 0,
    accuracy: {
      maxAbs: finiteOrNull(maxAbs),
      maxRel: finiteOrNull(maxRel),
      maxUlp: finiteOrNull(maxUlp),
      boundUsed: finiteOrNull(boundUsed),
      typicalUsed: typical ? finiteOrNull(typicalUsed) : null,
    },
    ...(first === undefined
      ? {}
      : {
          firstWrong: wrongElement(first, actual, oracle),
          allowed: acceptance.bound[first] as number,
        }),
  };
}

/** Element `index` as a report has it. */
export function wrongElement(index: number, actual: Value, oracle: Value): WrongElement {
  return {
    index: coordinatesOf(index, oracle.shape),
    actual: finiteOrNull(actual.data[index] as number),
    expected: finiteOrNull(oracle.data[index] as number),
  };
}

/** A number as reports hold it: what is not finite has none. */
export function finiteOrNull(x: number): number | null {
  return Number.isFinite(x) ? x : null;
}

/** Distance between float32 neighbours at `x`. */
function ulp(x: number): number {
  const magnitude = Math.max(Math.abs(x), 2 ** -126);
  return 2 ** (Math.floor(Math.log2(magnitude)) - 23);
}

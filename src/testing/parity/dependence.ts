import { type Call, mapped } from '../../graph/call.ts';
import type { Value } from '../../reference/record.ts';
import { truthOf } from '../../reference/truth.ts';
import { seam } from '../../seam.ts';
import { ruleOf } from '../../vocabulary/signature.ts';

/** Elements, by tensor, that a verdict leaves out: 1 where they depend on a NaN or an infinity. */
export type Masks = Readonly<Record<string, Uint8Array>>;

/** Whose results are asked about. */
export type Party = 'recorded' | 'ours';

/** The largest number of float32. */
const LARGEST = 2 ** 128 - 2 ** 104;

/**
 * Finite values that take a non-finite element's place; an output that depends on it tells at least
 * two of them apart. The ends of the range come first or last in any order.
 */
const STAND_INS = [0, 1, -1, 0.37, 1e4, -3e8, LARGEST, -LARGEST] as const;

/** How far on among them each input begins: all at the same, which makes ties, and each at another. */
const STEPS = [0, 1] as const;

/**
 * Whether a number of input `name` is one to compute with; -inf is where it hides an element, and
 * infinities are where numbers are compared and copied alone. Ours compares floats on the way back,
 * where WGSL promises no infinity.
 */
function isNumberOf({ op, grads }: Call<Value>, name: string, party: Party) {
  const { hides, ordered } = ruleOf(op.inputs, name) ?? {};
  const isOrdered = ordered && (party === 'recorded' || !grads);
  return (x: number): boolean =>
    Number.isFinite(x) ||
    (hides === true && x === Number.NEGATIVE_INFINITY) ||
    (isOrdered === true && !Number.isNaN(x));
}

/**
 * The call with every NaN and infinity replaced by zero, but a -inf that hides an element: what the
 * elements that do not depend on them are computed from.
 */
export function withoutNonFinite(call: Call<Value>, party: Party): Call<Value> {
  return replaced(call, party, () => 0);
}

/**
 * Which elements of what a call gives depend on a NaN or an infinity that it reads. An element
 * depends on one if a NaN in its place spreads to the element, or if it and finite values in its
 * place give different results (a maximum or a code lets no NaN through).
 */
export const dependentMasks = seam(
  'parity.dependentMasks',
  (call: Call<Value>, party: Party): Masks => {
    const { inputs, grads = {} } = call;
    const areNumbers = Object.entries(inputs).every(([name, { data }]) =>
      data.every(isNumberOf(call, name, party)),
    );
    if (areNumbers && Object.values(grads).every(({ data }) => data.every(Number.isFinite)))
      return {};
    const spread = truthOf(replaced(call, party, () => Number.NaN));
    const results = STEPS.flatMap((step) =>
      STAND_INS.map((_, first) =>
        truthOf(
          replaced(
            call,
            party,
            (place) => STAND_INS[(first + step * place) % STAND_INS.length] ?? 0,
          ),
        ),
      ),
    );
    return mapped(spread, ({ data }, name) => {
      const others = results.map((result) => result[name]?.data as Float64Array);
      return Uint8Array.from(data, (x, i) => Number(others.some((other) => other[i] !== x)));
    });
  },
);

/** The call with a number for what is none, by the place of its input among all. */
function replaced(call: Call<Value>, party: Party, by: (place: number) => number): Call<Value> {
  const { grads } = call;
  const finite = (value: Value, isNumber: (x: number) => boolean, number: number) =>
    value.data.every(isNumber)
      ? value
      : { ...value, data: value.data.map((x) => (isNumber(x) ? x : number)) };
  const names = Object.keys(call.inputs);
  return {
    ...call,
    inputs: mapped(call.inputs, (value, name) =>
      finite(value, isNumberOf(call, name, party), by(names.indexOf(name))),
    ),
    ...(grads ? { grads: mapped(grads, (value) => finite(value, Number.isFinite, by(0))) } : {}),
  };
}

import { type Call, mapped } from '../../graph/call.ts';
import type { Value, Values } from '../../reference/record.ts';
import { truthOf } from '../../reference/truth.ts';
import { seam } from '../../seam.ts';

/** Elements, by tensor, that a verdict leaves out: 1 where they depend on a NaN or an infinity. */
export type Masks = Readonly<Record<string, Uint8Array>>;

/**
 * Finite values that take a non-finite element's place; an output that depends on it tells at least
 * two of them apart.
 */
const STAND_INS = [0, 1, -1, 0.37, 1e4, -3e8] as const;

const isWhollyFinite = (value: Value) => value.data.every(Number.isFinite);
const areWhollyFinite = (values: Values) => Object.values(values).every(isWhollyFinite);

/**
 * The call with every NaN and infinity replaced by zero: what the elements that do not depend on
 * them are computed from.
 */
export function withoutNonFinite(call: Call<Value>): Call<Value> {
  return replaced(call, 0);
}

/**
 * Which elements of what a call gives depend on a NaN or an infinity that it reads. An element
 * depends on one if a NaN in its place spreads to the element, or if two finite values in its place
 * give different results (a maximum or a code lets no NaN through).
 */
export const dependentMasks = seam('parity.dependentMasks', (call: Call<Value>): Masks => {
  const { inputs, grads = {} } = call;
  if (areWhollyFinite(inputs) && areWhollyFinite(grads)) return {};
  const spread = truthOf(replaced(call, Number.NaN));
  const results = STAND_INS.map((value) => truthOf(replaced(call, value)));
  return mapped(spread, ({ data }, name) => {
    const others = results.map((result) => result[name]?.data as Float64Array);
    return Uint8Array.from(data, (x, i) =>
      Number(Number.isNaN(x) || others.some((other) => other[i] !== others[0]?.[i])),
    );
  });
});

function replaced({ grads, ...call }: Call<Value>, by: number): Call<Value> {
  const finite = (value: Value) =>
    isWhollyFinite(value)
      ? value
      : { ...value, data: value.data.map((x) => (Number.isFinite(x) ? x : by)) };
  return {
    ...call,
    inputs: mapped(call.inputs, finite),
    ...(grads ? { grads: mapped(grads, finite) } : {}),
  };
}

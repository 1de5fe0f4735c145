import type { Value, Values } from '../../reference/record.ts';
import { seam } from '../../seam.ts';

/** Elements, by tensor, that a verdict leaves out: 1 where they depend on a NaN or an infinity. */
export type Masks = Readonly<Record<string, Uint8Array>>;

/**
 * Finite values that take a non-finite element's place; an output that depends on it tells at least
 * two of them apart.
 */
const STAND_INS = [0, 1, -1, 0.37, 1e4, -3e8] as const;

const finite = (value: Value) => value.data.every(Number.isFinite);

/**
 * The inputs with every NaN and infinity replaced by zero: what the elements that do not depend on
 * them are computed from.
 */
export function withoutNonFinite(inputs: Values): Values {
  return Object.values(inputs).every(finite) ? inputs : replaced(inputs, 0);
}

/**
 * Which elements of what `oracle` computes depend on a NaN or an infinity of the inputs. An element
 * depends on one if a NaN in its place spreads to the element, or if two finite values in its place
 * give different results (a maximum or a code lets no NaN through).
 */
export const dependentMasks = seam(
  'parity.dependentMasks',
  (inputs: Values, oracle: (inputs: Values) => Values): Masks => {
    if (Object.values(inputs).every(finite)) return {};
    const spread = oracle(replaced(inputs, Number.NaN));
    const results = STAND_INS.map((value) => oracle(replaced(inputs, value)));
    return Object.fromEntries(
      Object.entries(spread).map(([name, { data }]) => {
        const others = results.map((result) => result[name]?.data as Float64Array);
        return [
          name,
          Uint8Array.from(data, (x, i) =>
            Number(Number.isNaN(x) || others.some((other) => other[i] !== others[0]?.[i])),
          ),
        ];
      }),
    );
  },
);

function replaced(inputs: Values, by: number): Values {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [
      name,
      finite(value)
        ? value
        : { ...value, data: value.data.map((x) => (Number.isFinite(x) ? x : by)) },
    ]),
  );
}

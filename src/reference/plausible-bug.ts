import type { PlausibleBug, Value, Values } from './record.ts';

/** Parameters as `change` makes them. */
export function paramsBug<Params, Inputs = Values>(
  name: string,
  change: (params: Params) => Params,
): PlausibleBug<Params, Inputs> {
  return { name, apply: (inputs, params) => ({ inputs, params: change(params) }) };
}

/**
 * One input with every element as `change` makes it; where an optional one is absent, nothing is
 * wrong.
 */
export function inputBug<
  Params,
  Inputs extends { readonly [Name in keyof Inputs]?: Value | undefined } = Values,
>(
  name: string,
  input: keyof Inputs & string,
  change: (x: number, index: number, value: Value) => number,
): PlausibleBug<Params, Inputs> {
  return {
    name,
    apply: (inputs, params) => {
      const value: Value | undefined = inputs[input];
      if (!value) return { inputs, params };
      const data = value.data.map((x, i) => change(x, i, value));
      return { inputs: { ...inputs, [input]: { ...value, data } }, params };
    },
  };
}

/** The scales of a weight's groups, each that of the next one. */
export function nextScales<
  Params,
  Inputs extends { readonly [Name in keyof Inputs]?: Value | undefined } = Values,
>(name: string, input: keyof Inputs & string): PlausibleBug<Params, Inputs> {
  return inputBug(name, input, (_, i, { data }) => Number(data[(i + 1) % data.length]));
}

/** Sums over x [..., terms] that end before their last term. */
export function lastTermDropped<
  Params,
  Inputs extends { readonly x: Value } & {
    readonly [Name in keyof Inputs]?: Value | undefined;
  },
>(): PlausibleBug<Params, Inputs> {
  return inputBug('last term dropped', 'x', (x, i, { shape }) => {
    const terms = shape.at(-1) as number;
    return i % terms === terms - 1 ? 0 : x;
  });
}

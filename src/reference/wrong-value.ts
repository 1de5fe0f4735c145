import type { Value, WrongValue } from './record.ts';

/** Parameters as `change` makes them. */
export function wrongParams<Params>(name: string, change: (params: Params) => Params): WrongValue<Params> {
  return { name, apply: (inputs, params) => ({ inputs, params: change(params) }) };
}

/** One input with every element as `change` makes it; where an optional one is absent, nothing is wrong. */
export function wrongInput<Params>(
  name: string,
  input: string,
  change: (x: number, index: number, value: Value) => number,
): WrongValue<Params> {
  return {
    name,
    apply: (inputs, params) => {
      const value = inputs[input];
      return { inputs: value ? { ...inputs, [input]: { ...value, data: value.data.map((x, i) => change(x, i, value)) } } : inputs, params };
    },
  };
}

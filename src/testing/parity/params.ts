import type { StoredTensors } from '../../formats/parity-bundle/check.ts';
import type { OpRecord } from '../../reference/record.ts';

type Params = Readonly<Record<string, unknown>>;

/** A bundle's parameters with those that the shapes of its outputs tell. */
export function fitParams(
  { paramsOfShapes = {} }: OpRecord,
  params: Params,
  outputs: StoredTensors,
): Params {
  const shapes = Object.fromEntries(
    Object.entries(outputs).map(([name, { shape }]) => [name, shape]),
  );
  const told = Object.entries(paramsOfShapes).map(([name, tell]) => [name, tell(shapes)] as const);
  return { ...params, ...Object.fromEntries(told.filter(([, value]) => value !== undefined)) };
}

/** An op's parameters as a bundle holds them, without those that the shapes of its outputs tell. */
export function recordableParams({ paramsOfShapes = {} }: OpRecord, params: object): Params {
  return Object.fromEntries(
    Object.entries(params).filter(([name]) => !Object.hasOwn(paramsOfShapes, name)),
  );
}

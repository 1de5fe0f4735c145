import { mapped } from '../graph/call.ts';
import { type HostTensor, valuesOf } from '../tensor/host.ts';
import type { Value } from './record.ts';

/** A value of one element. */
export const single = (x: number): Value => ({ shape: [1], data: Float64Array.of(x) });

/** What a party got or gave, for the oracle. */
export function valuesOfHosts<Name extends string>(
  hosts: Readonly<Record<Name, HostTensor>>,
): Readonly<Record<Name, Value>> {
  return mapped(hosts, (host) => ({
    shape: host.shape,
    dtype: host.dtype,
    data: valuesOf(host),
  }));
}

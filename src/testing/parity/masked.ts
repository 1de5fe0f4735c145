import { mapped } from '../../graph/call.ts';
import type { Value, Values } from '../../reference/record.ts';
import { IN_FLOAT32, IN_HALVES } from '../../reference/rounding.ts';
import { seam } from '../../seam.ts';
import { isHalf } from '../../tensor/dtype.ts';
import { type HostTensors, hostTensorFrom, valuesOf } from '../../tensor/host.ts';
import { coordinatesOf } from '../../tensor/shape.ts';
import { ruleOf, type Signature } from '../../vocabulary/signature.ts';

/** An op with its parameters, as far as the rules of its inputs look at them. */
interface Asked {
  readonly op: Signature;
  readonly params: object;
}

/**
 * What an oracle reads of logits in which some elements are masked: WGSL may take infinities for
 * absent, so a -inf beside other elements of its row is the lowest number of float32, from which
 * what depends on it comes out beyond any range. A row of nothing else stays: what it gives is no
 * number of this kind (as-defined.ts).
 */
export const withMasked = seam(
  'parity.withMasked',
  (asked: Asked, values: Values): Values =>
    mapped(values, (value, name) => lowered(asked, name, value, -IN_FLOAT32.largest)),
);

/** The same for our kernels: the lowest number of the tensor's own type. */
export function withMaskedHosts(asked: Asked, hosts: HostTensors): HostTensors {
  return mapped(hosts, (host, name) => {
    const { shape, dtype } = host;
    const { largest } = isHalf(dtype) ? IN_HALVES[dtype] : IN_FLOAT32;
    const before: Value = { shape, data: valuesOf(host) };
    const after = lowered(asked, name, before, -largest);
    return after === before ? host : hostTensorFrom(dtype, shape, after.data);
  });
}

function lowered({ op, params }: Asked, name: string, value: Value, lowest: number): Value {
  const { shape, data } = value;
  const { maskedOver } = ruleOf(op.inputs, name) ?? {};
  if (!maskedOver || !data.includes(Number.NEGATIVE_INFINITY)) return value;
  const over = new Set(maskedOver(params as never, shape));
  const rowOf = (i: number) =>
    coordinatesOf(i, shape).reduce(
      (row, at, d) => (over.has(d) ? row : row * (shape[d] as number) + at),
      0,
    );
  const seen = new Uint8Array(data.length);
  data.forEach((x, i) => {
    if (x !== Number.NEGATIVE_INFINITY) seen[rowOf(i)] = 1;
  });
  const read = data.map((x, i) => (x === Number.NEGATIVE_INFINITY && seen[rowOf(i)] ? lowest : x));
  return { ...value, data: read };
}

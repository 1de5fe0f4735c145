import { InvariantError } from '../errors.ts';
import { type Call, mapped, type Results } from '../graph/call.ts';
import type { DType } from '../tensor/dtype.ts';
import {
  type Acceptance,
  type Acceptances,
  type Arithmetic,
  type OpRecord,
  type Sample,
  specOf,
  type Value,
  type Values,
} from './record.ts';
import { recordOf } from './registry.ts';
import { IN_HALVES } from './rounding.ts';
import { acceptanceOfStored } from './stored.ts';

/**
 * What a call gives in float64: outputs or, given their gradients, those of the inputs. Throws
 * InvariantError for an op without a record, or gradients of one without a VJP.
 */
export function truthOf({ op, params, inputs, grads }: Call<Value>): Values {
  const { forward, vjp } = recordOf(op.name);
  if (!grads) return forward(inputs, params);
  if (!vjp) throw new InvariantError(`record ${op.name} has no VJP`);
  return vjp(inputs, params, grads);
}

/**
 * When float32 results of a call are right that are `truth` in float64. Where they are computed in
 * a half format there is no bound if what stands between may be beyond its range, and what it loses
 * below it is told. Throws as truthOf.
 */
export function acceptancesOf(
  call: Call<Value>,
  truth: Values,
  arithmetic: Arithmetic,
): Acceptances {
  const { op, params, inputs, grads } = call;
  const { acceptance, vjpAcceptance } = recordOf(op.name);
  if (!grads) return held(call, acceptance(inputs, truth, params, arithmetic), arithmetic);
  if (!vjpAcceptance) throw new InvariantError(`record ${op.name} has no bounds of gradients`);
  const found = vjpAcceptance(inputs, truth, params, grads, arithmetic);
  return held(call, found, arithmetic);
}

/** Roundings of an intermediate itself, as of a power of a quotient. */
const ROUNDINGS = 4;

/** Gradients are made of several operations, between which halves are stored in any case. */
function held(
  { op, params, inputs, grads }: Call<Value>,
  acceptances: Acceptances,
  { halves, between }: Arithmetic,
): Acceptances {
  const half = halves ?? (grads ? between : undefined);
  const sizes = half && recordOf(op.name).intermediates?.(inputs, params, grads);
  if (!sizes) return acceptances;
  const { largest, eps, flush } = IN_HALVES[half];
  const most = largest * (1 - ROUNDINGS * eps);
  return mapped(acceptances, (one, name) => {
    const size = sizes[name];
    if (one.kind !== 'within' || !size) return one;
    const bound = one.bound.map((x, i) =>
      (size.largest[i] as number) <= most ? x : Number.POSITIVE_INFINITY,
    );
    return {
      ...one,
      bound,
      ...(size.carried && { underflow: size.carried.map((x) => x * flush) }),
    };
  });
}

/** By what a party is judged. */
export interface Demand {
  readonly arithmetic: Arithmetic;
  /** Equality, or the bound. */
  readonly level: Sample<object>['level'];
}

/** What a call should give. */
export interface Expected {
  readonly truth: Values;
  /** When a result in float32 is right. */
  readonly acceptances: Acceptances;
  /** What the record says of these tensors. */
  readonly specs: OpRecord['outputs'];
  /** Whether the truth goes on from what the party itself gave. */
  readonly isFromOwn: boolean;
}

/**
 * What a call should give, outputs or gradients, where a party gave `actual`: every step of a
 * trajectory is expected from the party's own step before, and what an op leaves open as the party
 * chose it. `truth` is what {@link truthOf} gives, if it is known.
 */
export function expectedOf(
  call: Call<Value>,
  actual: Results<Value>,
  { arithmetic, level }: Demand,
  truth?: Values,
): Expected {
  const record = recordOf(call.op.name);
  const { inputs, params, grads } = call;
  const own = grads ? undefined : record.forwardFrom?.(inputs, actual.outputs, params);
  const chosen = grads
    ? record.vjpChosen?.(inputs, params, grads, actual)
    : record.forwardChosen?.(inputs, actual.outputs, params);
  const expected = own ?? chosen ?? truth ?? truthOf(call);
  return {
    truth: expected,
    acceptances: demanded(level, acceptancesOf(call, expected, arithmetic)),
    specs: call.grads ? record.inputs : record.outputs,
    isFromOwn: own !== undefined,
  };
}

/** Layer L0 demands equal values where L1 would grant a bound. */
export function demanded(level: Sample<object>['level'], acceptances: Acceptances): Acceptances {
  if (level === 'legal') return acceptances;
  return Object.fromEntries(
    Object.entries(acceptances).map(([name, acceptance]) => [
      name,
      acceptance.kind === 'within' ? { kind: 'exact' } : acceptance,
    ]),
  );
}

/** The truth of one tensor, and when a result is right that is stored as `dtype`. */
export function expectedAs(
  { truth, acceptances, specs }: Expected,
  name: string,
  dtype: DType | undefined,
): { readonly truth: Value; readonly acceptance: Acceptance } | undefined {
  const value = truth[name];
  const accepted = acceptances[name];
  if (!value || !accepted) return undefined;
  const acceptance = acceptanceOfStored(accepted, value, dtype, specOf(specs, name));
  return { truth: value, acceptance };
}

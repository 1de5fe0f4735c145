import { InvariantError } from '../errors.ts';
import type { Call, Results } from '../graph/call.ts';
import { launchers } from '../ops/registry.ts';
import {
  type Acceptances,
  type Arithmetic,
  type OpRecord,
  type Sample,
  specOf,
  type Value,
  type Values,
} from '../reference/record.ts';
import { recordOf } from '../reference/runner.ts';
import { acceptanceOfStored } from '../reference/stored.ts';
import { valuesOfHosts } from '../reference/values.ts';
import type { HostTensor } from '../tensor/host.ts';
import type { CaseContext } from './context.ts';
import type { FailedCall } from './failed-call.ts';

/** What a call should give: outputs or, where gradients flow in, gradients by input. */
interface Expected {
  readonly truth: Values;
  readonly acceptances: Acceptances;
  readonly specs: OpRecord['inputs'];
}

/** A call in float64 with what it gave on the device: outputs or gradients. */
interface Judged {
  readonly call: Call<Value> & { readonly variant: string };
  readonly actual: Values;
  /** By what it is judged: equality, or its bound. */
  readonly level: Sample<object>['level'];
  /** Whether all that the record accepts must be there, each counted as compared; else what is. */
  readonly isWhole: boolean;
  /** Where the call was made, before the name of each tensor in messages. */
  readonly where: string;
  /** The call as it is run again. */
  readonly failed: () => Omit<FailedCall, 'name'>;
}

/**
 * Judges what a call gave by its record, from the very tensors that the device had. Throws
 * AssertionError at the first wrong element, InvariantError for what cannot be judged. Returns the
 * largest share of a bound that was used.
 */
export function judgeCall(
  t: CaseContext,
  { call, actual, level, isWhole, where, failed }: Judged,
): number {
  const { truth, acceptances, specs } = expectedOf(call, actual, arithmeticOf(t, call));
  const demands = demanded(level, acceptances);
  let boundUsed = 0;
  for (const name of Object.keys(isWhole ? demands : actual)) {
    const what = `${where}${call.grads ? 'gradient of ' : ''}${name}`;
    const got = actual[name];
    const oracle = truth[name];
    const acceptance = demands[name];
    if (isWhole) {
      const isThere = got !== undefined && oracle !== undefined;
      t.expect(isThere, () => `${what} was not computed`, 'missing-output');
    }
    if (!got || !oracle || !acceptance)
      throw new InvariantError(`${what} has no bound to be judged by`);
    const stored = acceptanceOfStored(acceptance, oracle, got.dtype, specOf(specs, name));
    const { accuracy } = t.judgingCall(
      () => ({ ...failed(), name }),
      () => t.expectAccepted(what, got, oracle, stored),
    );
    boundUsed = Math.max(boundUsed, accuracy?.boundUsed ?? 0);
  }
  return boundUsed;
}

/** Judges all that a call on the host's tensors gave; see {@link judgeCall}. */
export function judgeResults(
  t: CaseContext,
  call: Omit<FailedCall, 'name'>,
  results: Results<HostTensor>,
): void {
  const { inputs, grads, ...rest } = call;
  judgeCall(t, {
    call: {
      ...rest,
      inputs: valuesOfHosts(inputs),
      ...(grads ? { grads: valuesOfHosts(grads) } : {}),
    },
    actual: valuesOfHosts(grads ? results.gradients : results.outputs),
    level: call.level,
    isWhole: true,
    where: '',
    failed: () => call,
  });
}

function expectedOf(
  { op, params, inputs, grads }: Call<Value>,
  actual: Values,
  arithmetic: Arithmetic,
): Expected {
  const record = recordOf(op.name);
  if (!grads) {
    const truth = record.forwardFrom?.(inputs, actual, params) ?? record.forward(inputs, params);
    const acceptances = record.acceptance(inputs, truth, params, arithmetic);
    return { truth, acceptances, specs: record.outputs };
  }
  const { vjp, vjpAcceptance } = record;
  if (!vjp || !vjpAcceptance) throw new InvariantError(`record ${op.name} has no VJP`);
  const truth = vjp(inputs, params, grads);
  const acceptances = vjpAcceptance(inputs, truth, params, grads, arithmetic);
  return { truth, acceptances, specs: record.inputs };
}

/** What is known of the arithmetic of a call on this device. */
export function arithmeticOf(
  { ieee }: Pick<CaseContext, 'ieee'>,
  { op, variant }: Pick<FailedCall, 'op' | 'variant'>,
): Arithmetic {
  const { depth } = launchers.get(op.name)?.variants[variant] ?? {};
  return { depth: depth ?? ((terms) => terms), ieee };
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

import { InvariantError } from '../errors.ts';
import type { Call, Results } from '../graph/call.ts';
import { launchers } from '../ops/registry.ts';
import { depthOf } from '../ops/variants.ts';
import type { Arithmetic, Sample, Value } from '../reference/record.ts';
import { expectedAs, expectedOf } from '../reference/truth.ts';
import { valuesOfHosts } from '../reference/values.ts';
import type { HostTensor } from '../tensor/host.ts';
import type { CaseContext } from './context.ts';
import type { FailedCall } from './failed-call.ts';

type Oracle = NonNullable<ReturnType<typeof expectedAs>>;

/** A call in float64 with what it gave on the device. */
interface Judged {
  readonly call: Call<Value> & { readonly variant: string };
  /** What is judged: gradients where some flow in, and else outputs. */
  readonly results: Results<Value>;
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
 * AssertionError at the first wrong element, InvariantError for what cannot be judged. Where operands
 * are not finite some elements have no true value: anything is right there after an overflow, and else
 * what is no number either. Returns the largest share of a bound that was used.
 */
export function judgeCall(
  t: CaseContext,
  { call, results, level, isWhole, where, failed }: Judged,
): number {
  const actual = call.grads ? results.gradients : results.outputs;
  const expected = expectedOf(call, results, { arithmetic: arithmeticOf(t, call), level });
  const operands = [...Object.values(call.inputs), ...Object.values(call.grads ?? {})];
  const areFinite = operands.every(({ data }) => data.every(Number.isFinite));
  const overflowed =
    !areFinite && operands.some(({ data }) => data.some((x) => Math.abs(x) === Infinity));
  let boundUsed = 0;
  for (const name of Object.keys(isWhole ? expected.acceptances : actual)) {
    const what = `${where}${call.grads ? 'gradient of ' : ''}${name}`;
    const got = actual[name];
    if (isWhole) {
      const isThere = got !== undefined && expected.truth[name] !== undefined;
      t.expect(isThere, () => `${what} was not computed`, 'missing-output');
    }
    const oracle = got && expectedAs(expected, name, got.dtype);
    if (!oracle) throw new InvariantError(`${what} has no bound to be judged by`);
    const { accuracy } = t.judgingCall(
      () => ({ ...failed(), name }),
      () =>
        t.expectAccepted(
          what,
          got,
          oracle.truth,
          oracle.acceptance,
          areFinite
            ? undefined
            : withoutNumbers(oracle, (i) => overflowed || !Number.isFinite(got.data[i])),
        ),
    );
    boundUsed = Math.max(boundUsed, accuracy?.boundUsed ?? 0);
  }
  return boundUsed;
}

/**
 * Marks elements without a bound, and those without a true value, as a difference of infinities, which
 * may be anything.
 */
function withoutNumbers(
  { truth, acceptance }: Oracle,
  mayBeAnything: (i: number) => boolean,
): Uint8Array {
  const bound = acceptance.kind === 'within' ? acceptance.bound : truth.data;
  return Uint8Array.from(truth.data, (x, i) =>
    Number(Number.isNaN(x) ? mayBeAnything(i) : Number.isNaN(bound[i])),
  );
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
      inputs: valuesOfHosts(inputs),
      ...(grads ? { grads: valuesOfHosts(grads) } : {}),
      ...rest,
    },
    results: {
      outputs: valuesOfHosts(results.outputs),
      gradients: valuesOfHosts(results.gradients),
    },
    level: call.level,
    isWhole: true,
    where: '',
    failed: () => call,
  });
}

/** What is known of the arithmetic of a call on this device. */
export function arithmeticOf(
  { ieee }: Pick<CaseContext, 'ieee'>,
  { op, variant }: Pick<FailedCall, 'op' | 'variant'>,
): Arithmetic {
  return { depth: depthOf(launchers.get(op.name)?.variants[variant]), ieee };
}

import type { JobResult } from '../backends/backend.ts';
import type { Acceptances, OpRecord, Sample, Value, Values } from '../reference/record.ts';
import type { Accusation } from './accusation.ts';
import type { CaseContext } from './context.ts';
import { valuesOfHosts } from './parity/fit.ts';
import { acceptanceOfStored } from './stored.ts';
import { SuiteError } from './suite.ts';

/** Judges outputs, or gradients where gradients flowed in, by the record; only what was computed is compared, and at least one thing. */
export function judgeJob(
  t: CaseContext,
  record: OpRecord,
  given: Omit<Accusation, 'op' | 'name'> & { readonly params: never },
  result: JobResult,
  arithmetic: { readonly depth: (terms: number) => number; readonly ieee: boolean },
): void {
  const inputs = valuesOfHosts(given.inputs);
  if (!given.grads) {
    const actual = valuesOfHosts(result.outputs);
    const outputs = record.forwardFrom?.(inputs, actual, given.params) ?? record.forward(inputs, given.params);
    expectAll(t, record, given, actual, outputs, record.acceptance(inputs, outputs, given.params, arithmetic));
    return;
  }
  if (!record.vjp || !record.vjpAcceptance) throw new SuiteError(`record ${record.name} has no VJP`);
  const grads = valuesOfHosts(given.grads);
  const gradients = record.vjp(inputs, given.params, grads);
  expectAll(
    t,
    record,
    given,
    valuesOfHosts(result.gradients),
    gradients,
    record.vjpAcceptance(inputs, gradients, given.params, grads, arithmetic),
  );
}

/** Layer L0 demands equal values where L1 would grant a bound. */
export function demanded(layer: Sample<never>['layer'], acceptances: Acceptances): Acceptances {
  if (layer === 'legal') return acceptances;
  return Object.fromEntries(
    Object.entries(acceptances).map(([name, acceptance]) => [name, acceptance.kind === 'within' ? { kind: 'exact' } : acceptance]),
  );
}

function expectAll(
  t: CaseContext,
  { name: op, inputs, outputs }: OpRecord,
  given: Omit<Accusation, 'op' | 'name'>,
  actual: Values,
  oracle: Values,
  acceptances: Acceptances,
): void {
  for (const [name, acceptance] of Object.entries(demanded(given.layer, acceptances))) {
    const [got, truth] = [actual[name], oracle[name]];
    const label = `${given.grads ? 'gradient of ' : ''}${name}`;
    t.expect(got !== undefined && truth !== undefined, () => `${label} was not computed`, 'missing-output');
    const stored = acceptanceOfStored(acceptance, truth as Value, got?.dtype, (given.grads ? inputs : outputs)[name]);
    t.accusing(
      () => ({ ...given, op, name }),
      () => t.expectAccepted(label, got as Value, truth as Value, stored),
    );
  }
}

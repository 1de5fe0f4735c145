import type { Backend, JobResult } from '../backends/backend.ts';
import { WebGpuBackend } from '../backends/webgpu.ts';
import type { Op } from '../ops/op.ts';
import type { Acceptances, OpRecord, RecordFault, Sample, Value, Values } from '../reference/record.ts';
import { type HostTensor, type HostTensors, valuesOf } from '../tensor/host.ts';
import type { Accusation } from './accusation.ts';
import type { CaseContext } from './context.ts';
import { injectRecordFault } from './fault.ts';
import { SuiteBuilder, SuiteError } from './suite.ts';

/**
 * The suite `ops.<family>.<op>` that an op's record implies: each sample on each variant, forward, and backward where the record has
 * a VJP. Buffers start as NaN and end in a guard; the controls are the record's faults.
 */
export function deriveSuite(record: OpRecord, op: Op): SuiteBuilder {
  const suite = new SuiteBuilder(`ops.${record.family}.${record.name}`, { description: record.summary });
  const severalVariants = Object.keys(op.variants).length > 1;
  for (const sample of record.samples) {
    for (const variant of sample.variants ?? Object.keys(op.variants)) {
      for (const direction of sample.grads && record.vjp ? (['forward', 'backward'] as const) : (['forward'] as const)) {
        declare(suite, { record, op, sample, variant, direction, label: severalVariants ? { ...sample.label, variant } : sample.label });
      }
    }
  }
  return suite;
}

interface Derived {
  readonly record: OpRecord;
  readonly op: Op;
  readonly sample: Sample<never>;
  readonly variant: string;
  readonly direction: 'forward' | 'backward';
  readonly label: Sample<never>['label'];
}

function declare(suite: SuiteBuilder, derived: Derived): void {
  const { record, op, sample, variant, direction, label } = derived;
  const fault = faultFor(record, variant, direction);
  const name = direction === 'forward' ? sample.layer : `${sample.layer}-gradient`;
  const grid = Object.fromEntries(Object.entries(label).map(([key, value]) => [key, [value]]));
  suite
    .case(name, grid)
    .desc(proseOf(derived))
    .needs(...(op.variants[variant]?.needs ?? []))
    .tier(sample.tier ?? 'quick')
    .control(fault.name, (injector) => injectRecordFault(injector, fault))
    .run((t) => runSample(t, derived));
}

function faultFor(record: OpRecord, variant: string, direction: 'forward' | 'backward'): RecordFault {
  const fault = record.faults.find((f) => (f.direction ?? 'forward') === direction && (!f.variants || f.variants.includes(variant)));
  if (!fault) throw new SuiteError(`record ${record.name} names no fault for ${direction} of variant ${variant}`);
  return fault;
}

function proseOf({ record, sample, direction }: Derived): string {
  const what = direction === 'forward' ? record.summary : `gradients of: ${record.summary}`;
  return sample.layer === 'exact'
    ? `${what}. Small integers, so that every legal order of operations gives the same result: equal values are demanded.`
    : `${what}. Every element must be within the error bound that any legal GPU keeps.`;
}

async function runSample(t: CaseContext, { record, op, sample, variant, direction }: Derived): Promise<void> {
  const random = t.random();
  const inputs = sample.inputs(random);
  const grads = direction === 'backward' ? sample.grads?.(random) : undefined;
  const backend: Backend = new WebGpuBackend(t.gpu);
  t.gpu.memory.guarded = true;
  const result = await backend.run({
    op: record.name,
    params: sample.params,
    inputs,
    variant,
    ...(grads ? { grads, wants: differentiable(record, inputs) } : {}),
  });
  const depth = op.variants[variant]?.depth ?? ((terms: number) => terms);
  const given = { variant, inputs, layer: sample.layer, params: sample.params, ...(grads ? { grads } : {}) };
  judgeJob(t, record, given, result, { depth, ieee: t.ieee });
}

/** Judges outputs, or gradients where gradients flowed in, by the record; only what was computed is compared, and at least one thing. */
function judgeJob(
  t: CaseContext,
  record: OpRecord,
  given: Omit<Accusation, 'op' | 'name'> & { readonly params: never },
  result: JobResult,
  arithmetic: { readonly depth: (terms: number) => number; readonly ieee: boolean },
): void {
  const inputs = toValues(given.inputs);
  if (!given.grads) {
    const actual = toValues(result.outputs);
    const outputs = record.forwardFrom?.(inputs, actual, given.params) ?? record.forward(inputs, given.params);
    expectAll(t, record, given, actual, outputs, record.acceptance(inputs, outputs, given.params, arithmetic));
    return;
  }
  if (!record.vjp || !record.vjpAcceptance) throw new SuiteError(`record ${record.name} has no VJP`);
  const grads = toValues(given.grads);
  const gradients = record.vjp(inputs, given.params, grads);
  expectAll(
    t,
    record,
    given,
    toValues(result.gradients),
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
  { name: op }: OpRecord,
  given: Omit<Accusation, 'op' | 'name'>,
  actual: Values,
  oracle: Values,
  acceptances: Acceptances,
): void {
  for (const [name, acceptance] of Object.entries(demanded(given.layer, acceptances))) {
    const [got, truth] = [actual[name], oracle[name]];
    const label = `${given.grads ? 'gradient of ' : ''}${name}`;
    t.expect(got !== undefined && truth !== undefined, () => `${label} was not computed`, 'missing-output');
    t.accusing(
      () => ({ ...given, op, name }),
      () => t.expectAccepted(label, got as Value, truth as Value, acceptance),
    );
  }
}

function differentiable(record: OpRecord, inputs: HostTensors): string[] {
  return Object.keys(inputs).filter((name) => record.inputs[name]?.differentiable);
}

/** Host tensors as float64 values. */
function toValues(tensors: HostTensors): Values {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, toValue(tensor)]));
}

function toValue(tensor: HostTensor): Value {
  return { shape: tensor.shape, dtype: tensor.dtype, data: valuesOf(tensor) };
}

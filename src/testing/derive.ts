import type { Backend } from '../backends/backend.ts';
import { WebGpuBackend } from '../backends/webgpu.ts';
import type { Launcher } from '../ops/launcher.ts';
import { type OpRecord, type Sample, specOf } from '../reference/record.ts';
import type { HostTensors } from '../tensor/host.ts';
import { Random } from '../tensor/random.ts';
import { signatureOf } from '../vocabulary/registry.ts';
import type { CaseContext } from './context.ts';
import { declareHalves } from './derive-halves.ts';
import { judgeResults } from './judge-call.ts';
import { faultOf } from './record-fault.ts';
import { type Given, SuiteBuilder } from './suite.ts';

/**
 * The suite `ops.<family>.<op>` that an op's record implies: each sample on each variant, forward,
 * and backward where the record has a VJP; and one sample in each half format. Buffers start as NaN
 * and end in a guard; the controls are the record's faults.
 */
export function deriveSuite(record: OpRecord, op: Pick<Launcher, 'variants'>): SuiteBuilder {
  const suite = new SuiteBuilder(`ops.${record.family}.${record.name}`);
  const severalVariants = Object.keys(op.variants).length > 1;
  for (const sample of record.samples) {
    for (const variant of sample.variants ?? Object.keys(op.variants)) {
      for (const direction of sample.grads && record.vjp
        ? (['forward', 'backward'] as const)
        : (['forward'] as const)) {
        declare(suite, {
          record,
          op,
          sample,
          variant,
          direction,
          label: severalVariants ? { ...sample.label, variant } : sample.label,
        });
      }
    }
  }
  declareHalves(suite, record);
  return suite;
}

interface Derived {
  readonly record: OpRecord;
  readonly op: Pick<Launcher, 'variants'>;
  readonly sample: Sample<object>;
  readonly variant: string;
  readonly direction: 'forward' | 'backward';
  readonly label: Sample<object>['label'];
}

function declare(suite: SuiteBuilder, derived: Derived): void {
  const { record, op, sample, variant, direction, label } = derived;
  const fault = faultOf(record, { direction, variant, integers: sample.integers });
  const name = direction === 'forward' ? sample.level : `${sample.level}-gradient`;
  const grid = Object.fromEntries(Object.entries(label).map(([key, value]) => [key, [value]]));
  suite
    .case(name, grid)
    .desc(proseOf(derived))
    .needs(...(op.variants[variant]?.needs ?? []))
    .tier((direction === 'backward' && sample.gradientTier) || (sample.tier ?? 'quick'))
    .covers(...(sample.covers?.[direction] ?? []))
    .control(fault.name, [fault, ...(fault.also ?? [])])
    .given((seed) => givenOf(derived, new Random(seed)))
    .run((t) => runSample(t, derived));
}

function proseOf({ record, sample, direction }: Derived): string {
  const what = direction === 'forward' ? record.summary : `gradients of: ${record.summary}`;
  return sample.level === 'exact'
    ? `${what}. Small integers, so that every legal order of operations gives the same result: equal values are demanded.`
    : `${what}. Every element must be within the error bound that any legal GPU keeps.`;
}

function givenOf({ record, sample, variant, direction }: Derived, random: Random): Given {
  const inputs = sample.inputs(random);
  const grads = direction === 'backward' ? sample.grads?.(random) : undefined;
  return {
    op: signatureOf(record.name),
    variant,
    level: sample.level,
    params: sample.params,
    inputs,
    ...(grads ? { grads, wants: differentiable(record, inputs) } : {}),
  };
}

async function runSample(t: CaseContext, derived: Derived): Promise<void> {
  const { op, variant } = derived;
  const given = givenOf(derived, t.random());
  const backend: Backend = new WebGpuBackend(t.gpu);
  // Whatever is read past the end of a tensor changes a sum, or as NaN whatever it meets.
  t.gpu.memory.guarded = given.grads ? 'by NaN' : true;
  const results = await backend.run(given);
  const own = (op.variants[variant] as Launcher['variants'][string]).kernels;
  const undeclared = [...t.gpu.recorder.dispatched].find(
    (kernel) => !own.includes(kernel) && !SHARED_KERNELS.includes(kernel),
  );
  t.expect(
    undeclared === undefined,
    () => `variant ${variant} dispatched ${undeclared}, which is not among its kernels`,
    'strange-kernel',
  );
  if (given.grads) {
    // What flows in and is asked for has no part in a forward pass.
    const { grads: _, wants: __, ...forward } = given;
    judgeResults(t, forward, results);
  }
  judgeResults(t, given, results);
}

/**
 * Kernels around ops, of no variant: tensors in halves are widened and narrowed, gradients of what
 * was repeated are summed.
 */
const SHARED_KERNELS = ['math/cast', 'math/reduce_sum'];

function differentiable(record: OpRecord, inputs: HostTensors): string[] {
  return Object.keys(inputs).filter((name) => specOf(record.inputs, name)?.differentiable);
}

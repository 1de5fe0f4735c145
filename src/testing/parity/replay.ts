import type { Backend, JobResult } from '../../backends/backend.ts';
import type { StoredTensors } from '../../formats/parity-bundle/check.ts';
import type { ParityBundle } from '../../formats/parity-bundle.ts';
import { chooseVariant, type Op, type Variant } from '../../ops/op.ts';
import { launchers } from '../../ops/registry.ts';
import type { OpRecord, Values } from '../../reference/record.ts';
import { records } from '../../reference/registry.ts';
import { seam } from '../../seam.ts';
import type { HostTensors } from '../../tensor/host.ts';
import { AssertionError, type CaseContext } from '../context.ts';
import { findDeviation, labelOf } from './finding.ts';
import { fitAll, valuesOfHosts, valuesOfStored } from './fit.ts';
import { replayRun, TRAINING_RUN } from './llama/replay.ts';
import { Oracle } from './oracle.ts';
import { fitParams } from './params.ts';
import { ANY_ORDER } from './recorded.ts';

/**
 * The verdict of three parties: the float64 oracle judges ours, by the variant that the adapter prefers, and the recorded values.
 * Ours out of its bound fails; a recorded value out of the any-order bound is the finding `producer-deviates`. What this version has not,
 * or its record says that it does not compute, is skipped as `not-implemented`; whatever else our launcher refuses is an error. A whole
 * training run is replayed by {@link replayRun}.
 */
export async function replay(t: CaseContext, recorded: ParityBundle, backend: Backend): Promise<void> {
  if (recorded.op === TRAINING_RUN) return replayRun(t, recorded);
  const { record, launcher } = opOf(t, recorded);
  const bundle = { ...recorded, params: fitParams(record, recorded.params, recorded.tensors.outputs) };
  const { inputs: storedInputs, gradsIn, outputs, gradsOut } = bundle.tensors;
  const inputs = fitAll(storedInputs, record.inputs);
  const grads = fitAll(gradsIn, record.outputs);
  const values = valuesOfHosts(inputs);
  const unsupported = unsupportedIn(record, values, bundle.params);
  if (unsupported !== undefined) t.skip('not-implemented', `${bundle.op} of this version does not compute ${unsupported}`);
  const variant = chooseVariant(t.gpu, launcher.variants);
  const result = await runOurs(t, bundle, backend, { inputs, grads, variant });
  const theirs = new Oracle(record, bundle.params, valuesOfStored(storedInputs, inputs), valuesOfStored(gradsIn, grads));
  const recordedValues = { outputs: valuesOfStored(outputs, {}), gradients: valuesOfStored(gradsOut, {}) };
  findDeviation(t, bundle, theirs.questions(recordedValues, ANY_ORDER));

  const oracle = new Oracle(record, bundle.params, values, valuesOfHosts(grads));
  const produced = {
    outputs: valuesOfHosts(only(result.outputs, outputs)),
    gradients: valuesOfHosts(only(result.gradients, gradsOut)),
  };
  const arithmetic = { depth: (launcher.variants[variant] as Variant).depth, ieee: t.ieee };
  for (const question of oracle.questions(produced, arithmetic)) {
    t.accusing(
      () => ({
        ...{ op: bundle.op, variant, params: bundle.params, inputs, name: question.name, layer: 'legal' },
        ...(question.isGradient ? { grads } : {}),
      }),
      () => t.expectAccepted(labelOf(question), question.actual, question.truth, question.acceptance, question.unjudged),
    );
  }
  if (t.evidence.assertions === 0) t.skip('unjudged', 'every element depends on a NaN or infinite input, or may overflow');
}

const unsupportedIn = seam('parity.unsupportedIn', (record: OpRecord, inputs: Values, params: unknown) =>
  record.unsupported?.(inputs, params as never),
);

/** The op's record and launcher, if they have all that the bundle needs; else the case is skipped. */
function opOf(t: CaseContext, { op, tensors }: ParityBundle): { record: OpRecord; launcher: Op } {
  const [record, launcher] = [records.get(op), launchers.get(op)];
  if (!record || !launcher) return t.skip('not-implemented', `this version has no op ${op}`);
  const lacks = (what: string, names: string[], known: object) => {
    const missing = names.find((name) => !Object.hasOwn(known, name));
    if (missing !== undefined) t.skip('not-implemented', `${op} of this version has no ${what} ${missing}`);
  };
  lacks('input', Object.keys(tensors.inputs), record.inputs);
  lacks('output', Object.keys(tensors.outputs), record.outputs);
  const wanted = Object.keys(tensors.gradsOut);
  const differentiable = Object.entries(record.inputs).filter(([, spec]) => record.vjp && spec.differentiable);
  lacks('gradient of', wanted, Object.fromEntries(differentiable));
  return { record, launcher };
}

async function runOurs(
  t: CaseContext,
  { op, params, tensors }: ParityBundle,
  backend: Backend,
  { inputs, grads, variant }: { inputs: HostTensors; grads: HostTensors; variant: string },
): Promise<JobResult> {
  const wants = Object.keys(tensors.gradsOut);
  t.gpu.memory.guarded = true;
  return await backend.run({ op, params, inputs, variant, ...(wants.length > 0 ? { grads, wants } : {}) });
}

/** What the bundle recorded too; a tensor that our launcher did not give is a failure. */
function only(ours: HostTensors, recorded: StoredTensors): HostTensors {
  const names = Object.keys(recorded);
  const missing = names.find((name) => !ours[name]);
  if (missing !== undefined) throw new AssertionError('missing-output', `${missing} was not computed`);
  return Object.fromEntries(Object.entries(ours).filter(([name]) => names.includes(name)));
}

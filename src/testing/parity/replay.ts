import type { Backend } from '../../backends/backend.ts';
import type { StoredTensors } from '../../formats/parity-bundle/check.ts';
import type { ParityBundle } from '../../formats/parity-bundle.ts';
import type { Launcher } from '../../ops/launcher.ts';
import { launchers } from '../../ops/registry.ts';
import { chooseVariant } from '../../ops/variants.ts';
import { type OpRecord, specOf, type Values } from '../../reference/record.ts';
import { records } from '../../reference/registry.ts';
import { valuesOfHosts } from '../../reference/values.ts';
import { seam } from '../../seam.ts';
import type { HostTensors } from '../../tensor/host.ts';
import { signatureOf } from '../../vocabulary/registry.ts';
import { bandShare } from '../band-share.ts';
import { AssertionError, type CaseContext } from '../context.ts';
import { arithmeticOf } from '../judge-call.ts';
import { findDeviation, labelOf } from './finding.ts';
import { fitAll, valuesOfStored } from './fit.ts';
import { GENERATION, replayGeneration } from './llama/generation.ts';
import { LOGITS, replayLogits } from './llama/logits.ts';
import { replayRun, TRAINING_RUN } from './llama/replay.ts';
import { withMasked, withMaskedHosts } from './masked.ts';
import { Oracle, type Question } from './oracle.ts';
import { fitParams } from './params.ts';
import { questionsOfRecorded } from './recorded.ts';

/**
 * The verdict of three parties: the float64 oracle judges ours, by the variant that the adapter
 * prefers, and the recorded values. Ours out of its bound fails; a recorded value out of the
 * any-order bound is the finding `producer-deviates`. What this version has not, or its record says
 * that it does not compute, is skipped as `not-implemented`; another refusal of our launcher
 * is an error. A whole training run is replayed by {@link replayRun},
 * logits of a model by {@link replayLogits}, what it writes by {@link replayGeneration}.
 */
export async function replay(
  t: CaseContext,
  recorded: ParityBundle,
  backend: Pick<Backend, 'run'>,
): Promise<void> {
  if (recorded.op === TRAINING_RUN) return replayRun(t, recorded);
  if (recorded.op === LOGITS) return replayLogits(t, recorded);
  if (recorded.op === GENERATION) return replayGeneration(t, recorded);
  const { record, launcher } = opOf(t, recorded);
  const bundle = {
    ...recorded,
    params: fitParams(record, recorded.params, recorded.tensors.outputs),
  };
  const { inputs: storedInputs, gradsIn, outputs, gradsOut } = bundle.tensors;
  const op = signatureOf(bundle.op);
  const asked = { op, params: bundle.params };
  const inputs = withMaskedHosts(asked, fitAll(storedInputs, record.inputs));
  const grads = fitAll(gradsIn, record.outputs);
  const values = valuesOfHosts(inputs);
  const unsupported = unsupportedIn(record, values, bundle.params);
  if (unsupported !== undefined)
    t.skip('not-implemented', `${bundle.op} of this version does not compute ${unsupported}`);
  const variant = chooseVariant(t.gpu, launcher, inputs);
  const forward = { op, params: bundle.params, inputs, variant };
  const level = 'legal' as const;
  const wants = Object.keys(gradsOut);
  t.gpu.memory.guarded = true;
  const results = await backend.run(wants.length > 0 ? { ...forward, grads, wants } : forward);
  const given = {
    ...forward,
    inputs: valuesOfStored(storedInputs, inputs),
    grads: valuesOfStored(gradsIn, grads),
  };
  const theirs = new Oracle({ ...given, inputs: withMasked(asked, given.inputs) }, given);
  const recordedValues = {
    outputs: valuesOfStored(outputs, {}),
    gradients: valuesOfStored(gradsOut, {}),
  };
  const ofRecorded = questionsOfRecorded(theirs, bundle, recordedValues);
  const { asked: ofTheirs } = findDeviation(t, bundle, ofRecorded);
  sayUnjudged(t, 'recorded', ofTheirs);

  const oracle = new Oracle({ ...forward, inputs: values, grads: valuesOfHosts(grads) });
  const produced = {
    outputs: valuesOfHosts(only(results.outputs, outputs)),
    gradients: valuesOfHosts(only(results.gradients, gradsOut)),
  };
  const demand = { arithmetic: arithmeticOf(t, forward), level };
  const questions = oracle.questions(produced, demand);
  sayUnjudged(t, 'ours', questions);
  for (const question of questions) {
    t.judgingCall(
      () => ({
        name: question.name,
        level,
        ...(question.isGradient ? { grads } : {}),
        ...forward,
      }),
      () =>
        t.expectAccepted(
          labelOf(question),
          question.actual,
          question.truth,
          question.acceptance,
          question.unjudged,
        ),
    );
    const { acceptance, actual } = question;
    if (acceptance.kind === 'codes')
      t.metric(`in-band.${labelOf(question)}`, bandShare(acceptance, actual.data.length));
  }
  if (t.evidence.assertions === 0) t.skip('unjudged', whyUnjudged(questions));
  if (ofTheirs.every(({ unjudged }) => unjudged.every(Boolean)))
    t.skip('unjudged', `of what was recorded: ${whyUnjudged(ofTheirs)}`);
}

/** Why no element is judged. */
function whyUnjudged(questions: readonly Question[]): string {
  const elements = questions.flatMap(({ dependent, actual }) =>
    Array.from(actual.data, (_, i) => dependent?.[i] === 1),
  );
  if (elements.length === 0) return 'there is no element';
  if (elements.every((isDependent) => !isDependent))
    return 'each element may overflow, or has no bound';
  const onInputs = 'each element depends on an input that is NaN or infinite';
  return elements.every((isDependent) => isDependent) ? onInputs : `${onInputs}, or may overflow`;
}

/** How many elements of a party no question asks about, where there are some. */
function sayUnjudged(
  t: CaseContext,
  party: 'recorded' | 'ours',
  questions: readonly Question[],
): void {
  const left = new Map<string, Uint8Array>();
  for (const question of questions) {
    const { unjudged } = question;
    const before = left.get(labelOf(question)) ?? unjudged;
    left.set(
      labelOf(question),
      before.map((mark, i) => mark && (unjudged[i] as number)),
    );
  }
  const count = [...left.values()].reduce((sum, marks) => sum + marks.filter(Boolean).length, 0);
  if (count > 0) t.metric(`unjudged.${party}`, count);
}

const unsupportedIn = seam(
  'parity.unsupportedIn',
  (record: OpRecord, inputs: Values, params: object) => record.unsupported?.(inputs, params),
);

/**
 * The op's record and launcher, if they have all that the bundle needs; else the case is skipped.
 */
function opOf(
  t: CaseContext,
  { op, tensors }: ParityBundle,
): { record: OpRecord; launcher: Launcher } {
  const record = records.get(op);
  const launcher = launchers.get(op);
  if (!record || !launcher) return t.skip('not-implemented', `this version has no op ${op}`);
  const lacks = (what: string, names: string[], known: OpRecord['inputs']) => {
    const missing = names.find((name) => !specOf(known, name));
    if (missing !== undefined)
      t.skip('not-implemented', `${op} of this version has no ${what} ${missing}`);
  };
  lacks('input', Object.keys(tensors.inputs), record.inputs);
  lacks('output', Object.keys(tensors.outputs), record.outputs);
  const wanted = Object.keys(tensors.gradsOut);
  const differentiable = Object.entries(record.inputs).filter(
    ([, spec]) => record.vjp && spec.differentiable,
  );
  lacks('gradient of', wanted, Object.fromEntries(differentiable));
  return { record, launcher };
}

/** What the bundle recorded too; a tensor that our launcher did not give is a failure. */
function only(ours: HostTensors, recorded: StoredTensors): HostTensors {
  const names = Object.keys(recorded);
  const missing = names.find((name) => !ours[name]);
  if (missing !== undefined)
    throw new AssertionError('missing-output', `${missing} was not computed`);
  return Object.fromEntries(Object.entries(ours).filter(([name]) => names.includes(name)));
}

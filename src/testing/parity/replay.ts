import type { Backend, JobResult } from '../../backends/backend.ts';
import { GradproofError } from '../../errors.ts';
import type { StoredTensors } from '../../formats/parity-bundle/check.ts';
import type { ParityBundle } from '../../formats/parity-bundle.ts';
import { chooseVariant, type Op, type Variant } from '../../ops/op.ts';
import { launchers } from '../../ops/registry.ts';
import type { OpRecord } from '../../reference/record.ts';
import { records } from '../../reference/registry.ts';
import type { HostTensors } from '../../tensor/host.ts';
import { AssertionError, type CaseContext } from '../context.ts';
import { judge, type Verdict, type WrongElement } from '../judge.ts';
import { fitAll, valuesOfHosts, valuesOfStored } from './fit.ts';
import { Oracle, type Question } from './oracle.ts';
import { ANY_ORDER, acceptanceOfRecorded } from './recorded.ts';

/**
 * The verdict of three parties: the float64 oracle judges ours, by the variant that the adapter prefers, and the recorded values.
 * Ours out of its bound fails; a recorded value out of the any-order bound is the finding `producer-deviates`. What this version cannot
 * run is skipped as `not-implemented`.
 */
export async function replay(t: CaseContext, bundle: ParityBundle, backend: Backend): Promise<void> {
  const { record, launcher } = opOf(t, bundle);
  const { inputs: storedInputs, gradsIn, outputs, gradsOut } = bundle.tensors;
  const inputs = fitAll(storedInputs, record.inputs);
  const grads = fitAll(gradsIn, record.outputs);
  const variant = chooseVariant(t.gpu, launcher.variants);
  const result = await runOurs(t, bundle, backend, { inputs, grads, variant });
  findDeviation(t, bundle, new Oracle(record, bundle.params, valuesOfStored(storedInputs, inputs), valuesOfStored(gradsIn, grads)));

  const oracle = new Oracle(record, bundle.params, valuesOfHosts(inputs), valuesOfHosts(grads));
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

/** Codes with which launchers refuse what they cannot run. */
const REFUSALS: ReadonlySet<string> = new Set(['not-implemented', 'shape', 'bad-quantization', 'bad-params']);

async function runOurs(
  t: CaseContext,
  { op, params, tensors }: ParityBundle,
  backend: Backend,
  { inputs, grads, variant }: { inputs: HostTensors; grads: HostTensors; variant: string },
): Promise<JobResult> {
  const wants = Object.keys(tensors.gradsOut);
  t.gpu.memory.guarded = true;
  try {
    return await backend.run({ op, params, inputs, variant, ...(wants.length > 0 ? { grads, wants } : {}) });
  } catch (error) {
    // The vocabulary has checked shapes and params: what the launcher refuses is what it does not know yet.
    if (error instanceof GradproofError && REFUSALS.has(error.code)) t.skip('not-implemented', error.message);
    throw error;
  }
}

/** What the bundle recorded too; a tensor that our launcher did not give is a failure. */
function only(ours: HostTensors, recorded: StoredTensors): HostTensors {
  const names = Object.keys(recorded);
  const missing = names.find((name) => !ours[name]);
  if (missing !== undefined) throw new AssertionError('missing-output', `${missing} was not computed`);
  return Object.fromEntries(Object.entries(ours).filter(([name]) => names.includes(name)));
}

/** Asks of every recorded tensor whether the oracle accepts it; the first that it does not is the finding, which names the others. */
function findDeviation(t: CaseContext, bundle: ParityBundle, oracle: Oracle): void {
  const { outputs, gradsOut } = bundle.tensors;
  const produced = { outputs: valuesOfStored(outputs, {}), gradients: valuesOfStored(gradsOut, {}) };
  const wrong = oracle.questions(produced, ANY_ORDER).flatMap((question) => {
    const dtype = (question.isGradient ? gradsOut : outputs)[question.name]?.dtype ?? 'F32';
    const acceptance = acceptanceOfRecorded(question.acceptance, dtype, question.truth);
    const verdict = judge(question.actual, question.truth, acceptance, question.unjudged);
    return verdict.ok ? [] : [{ question, verdict }];
  });
  const [first, ...others] = wrong;
  if (!first) return;
  const also = others.length > 0 ? `; also ${others.map(({ question }) => labelOf(question)).join(', ')}` : '';
  t.finding('producer-deviates', deviation(bundle, first.question, first.verdict) + also, first.verdict.firstWrong);
}

function deviation({ producer, device }: ParityBundle, question: Question, { firstWrong, wrong, compared }: Verdict): string {
  const { index, actual, expected } = firstWrong as WrongElement;
  const show = (x: number | null) => x ?? 'not finite';
  const [library] = producer.split(' + ');
  const where = `${labelOf(question)}[${index.join(', ')}]`;
  return `${library} (${device}): ${where} is ${show(actual)}, ${question.basis} ${show(expected)}; ${wrong} of ${compared} elements differ`;
}

function labelOf({ name, isGradient }: Question): string {
  return isGradient ? `gradient of ${name}` : name;
}

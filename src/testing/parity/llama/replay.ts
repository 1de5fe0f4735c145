import { FormatError } from '../../../formats/format-error.ts';
import { readTrainLlama } from '../../../formats/parity-bundle/train-llama.ts';
import type { ParityBundle } from '../../../formats/parity-bundle.ts';
import { isCurve, outputsOf, SHORT } from '../../../reference/llama/limits.ts';
import { llamaRun } from '../../../reference/llama/run.ts';
import { stepsOf } from '../../../reference/llama/steps.ts';
import type { Value, Values } from '../../../reference/record.ts';
import { sameShape } from '../../../tensor/shape.ts';
import { AssertionError, type CaseContext } from '../../context.ts';
import { faultsOf } from '../../fault.ts';
import { judgeApplications } from '../../judge-step.ts';
import { StoredProducts } from '../../stored-products.ts';
import type { Control } from '../../suite.ts';
import { findDeviation } from '../finding.ts';
import { valuesOfStored } from '../fit.ts';
import type { Question } from '../oracle.ts';
import { halvesOf, isByStates } from './arithmetic.ts';
import { firstDivergence } from './divergence.ts';
import { outputName } from './names.ts';
import { trainOurs } from './ours.ts';
import { unjudgedByOverflow } from './own-overflow.ts';
import { RunLimits } from './run-limits.ts';
import { type StartedRun, startOf } from './start.ts';
import { type JudgedState, judgedStates } from './state-questions.ts';
import { unsupportedRun } from './unsupported.ts';

/** Formats of products by torch's names. */
const STORED_AS = { float32: 'f32', float16: 'f16', bfloat16: 'bf16' } as const;

/** The op of the vocabulary that is a model and its training, and no kernel's. */
export const TRAINING_RUN = 'train_llama';

/** The fault that turns the replay of a run red: every op is right, and the model is not Llama. */
export const INTERLEAVED: Control = {
  name: 'positions rotate neighbouring columns',
  faults: faultsOf((fault) =>
    fault.host('nn.llama.rotaryOf', (original) => (config: unknown) => ({
      ...original(config),
      convention: 'interleaved',
    })),
  ),
};

/** An output that was recorded, by its name there and by that of the run. */
interface Asked {
  readonly label: string;
  readonly name: string;
  readonly theirs: Value;
  readonly truth: Value;
}

/**
 * Replays a whole training run. Every op of the first and the last step of ours must be within its
 * bound, from the very inputs that it had; and losses, norms, rates, gradients and trained weights
 * of all steps within the limits of trajectories ({@link RunLimits}) of the run in float64, as the
 * recorded one must: where that is out it is the finding `producer-deviates`. With moments in 8
 * bits or products in halves the first 20 steps are run, and each step whose state was recorded,
 * from there. `train` runs them on the device.
 */
export async function replayRun(
  t: CaseContext,
  bundle: ParityBundle,
  train: typeof trainOurs = trainOurs,
): Promise<void> {
  const params = readTrainLlama(bundle.params);
  const unsupported = unsupportedRun(params);
  if (unsupported !== undefined)
    t.skip('not-implemented', `train_llama of this version does not compute ${unsupported}`);
  const whole = startOf(params, bundle.tensors.inputs);
  const steps = isByStates(params) ? Math.min(params.steps, SHORT) : params.steps;
  const run = stepsOf(whole, 1, steps);
  const truth = outputsOf(await llamaRun(run));
  const limits = new RunLimits(run, t.ieee);
  const recorded = valuesOfStored(bundle.tensors.outputs, {});
  const asked = askedOf(recorded, truth, limits);
  const states = isByStates(params)
    ? await judgedStates(params, whole, bundle.tensors.outputs)
    : [];
  const questions = asked.map(async (one) => {
    const parted = unjudgedByOverflow(run, one.name, { theirs: recorded, truth });
    return question(one, limits, parted);
  });
  findDeviation(t, bundle, [
    ...(await Promise.all(questions)),
    ...states.flatMap(({ questions: own }) => own),
  ]);

  t.gpu.memory.guarded = true;
  const products = new StoredProducts();
  const ran = await train(t.gpu, run, async (step, applications) => {
    for (const application of applications) products.see(application);
    if (step === 1 || step === steps) await judgeApplications(t, step, applications);
  });
  products.expect(t, STORED_AS[halvesOf(params) ?? 'float32']);
  const ours = outputsOf(ran);
  for (const { label, name, theirs, truth: expected } of asked) {
    const actual = fitted(ours[name] as Value, theirs);
    const unjudged = limits.unjudged(name, expected);
    const limit = await limits.of(name, { actual, truth: expected });
    try {
      t.expectAccepted(label, actual, expected, limit, unjudged);
    } catch (error) {
      throw await withWhere(t, error, { run, name, steps, train });
    }
  }
  for (const state of states) await expectStep(t, state, train);
}

/** An assertion about a run of ours, with where the run begins to be wrong. */
async function withWhere(
  t: CaseContext,
  error: unknown,
  {
    run,
    name,
    steps,
    train,
  }: {
    readonly run: StartedRun;
    readonly name: string;
    readonly steps: number;
    readonly train: typeof trainOurs;
  },
): Promise<unknown> {
  if (!(error instanceof AssertionError)) return error;
  const [at = 0] = error.at?.index ?? [];
  const last = name.startsWith('final.') ? steps : 1;
  const where = await firstDivergence(t, run, isCurve(name) ? at + 1 : last, train);
  return new AssertionError(error.code, `${error.message}; ${where}`, error.at);
}

/** Runs the step of a recorded state on the device, and judges its ops and what it gives. */
async function expectStep(
  t: CaseContext,
  { step, run, expect }: JudgedState,
  train: typeof trainOurs,
): Promise<void> {
  const ran = await train(t.gpu, run, async (_, applications) => {
    await judgeApplications(t, step, applications);
  });
  for (const { label, actual, truth, acceptance, unjudged } of expect(ran))
    t.expectAccepted(label, actual, truth, acceptance, unjudged);
}

/** What is judged of the run from its beginning; where curves go on, what is not run is no number. */
function askedOf(recorded: Values, truth: Values, limits: RunLimits): readonly Asked[] {
  return Object.entries(recorded).flatMap(([label, theirs]) => {
    const name = outputName(label);
    if (name.startsWith('state.') || !limits.holds(name)) return [];
    return [{ label, name, theirs, truth: expectedOf(truth, label, name, theirs) }];
  });
}

function expectedOf(truth: Values, label: string, name: string, theirs: Value): Value {
  const own = truth[name];
  const expected = own && fitted(own, theirs);
  if (!expected || !sameShape(expected.shape, theirs.shape)) {
    throw new FormatError(
      `train_llama: out.${label} of shape [${theirs.shape.join(', ')}] is none of what this run gives`,
    );
  }
  return expected;
}

/** Of the shape that was recorded: curves of all steps, and logits of one text without a batch. */
function fitted(value: Value, theirs: Value): Value {
  const [batch, ...ofText] = value.shape;
  if (batch === 1 && ofText.length === 2 && sameShape(ofText, theirs.shape))
    return { shape: ofText, data: value.data };
  return lengthened(value, theirs);
}

/** A curve as long as the recorded one: what was not run has no number. */
function lengthened(value: Value, { shape }: Value): Value {
  const [steps = 0] = shape;
  if (value.shape.length !== 1 || shape.length !== 1 || steps <= SHORT) return value;
  if (value.data.length !== SHORT) return value;
  const data = new Float64Array(steps).fill(Number.NaN);
  data.set(value.data);
  return { shape, data };
}

async function question(
  { label, name, theirs: actual, truth }: Asked,
  limits: RunLimits,
  parted: (step: number) => boolean,
): Promise<Question> {
  return {
    name: label,
    isGradient: false,
    actual,
    truth,
    acceptance: await limits.widest(name, { actual, truth }),
    unjudged: limits.unjudged(name, truth).map((mark, i) => Math.max(mark, Number(parted(i)))),
    basis: 'the run in float64 gives',
  };
}

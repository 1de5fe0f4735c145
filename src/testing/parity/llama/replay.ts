import { FormatError } from '../../../formats/format-error.ts';
import { readTrainLlama } from '../../../formats/parity-bundle/train-llama.ts';
import type { ParityBundle } from '../../../formats/parity-bundle.ts';
import { outputsOf } from '../../../reference/llama/limits.ts';
import { llamaRun } from '../../../reference/llama/run.ts';
import type { Value } from '../../../reference/record.ts';
import { sameShape } from '../../../tensor/shape.ts';
import type { CaseContext } from '../../context.ts';
import { faultsOf } from '../../fault.ts';
import { judgeApplications } from '../../judge-step.ts';
import { StoredProducts } from '../../stored-products.ts';
import type { Control } from '../../suite.ts';
import { findDeviation } from '../finding.ts';
import { valuesOfStored } from '../fit.ts';
import type { Question } from '../oracle.ts';
import { trainOurs } from './ours.ts';
import { RunLimits } from './run-limits.ts';
import { startOf } from './start.ts';
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

/**
 * Replays a whole training run. Every op of the first and the last step of ours must be within its
 * bound, from the very inputs that it had; and losses, norms, rates, gradients and trained weights
 * of all steps within the limits of trajectories ({@link RunLimits}) of the run in float64, and of
 * the recorded one, unless that is out itself, which is the finding `producer-deviates`. `train` runs
 * it on the device.
 */
export async function replayRun(
  t: CaseContext,
  bundle: ParityBundle,
  train: typeof trainOurs = trainOurs,
): Promise<void> {
  const params = readTrainLlama(bundle.params);
  const unsupported = unsupportedRun(params, Object.keys(bundle.tensors.outputs));
  if (unsupported !== undefined)
    t.skip('not-implemented', `train_llama of this version does not compute ${unsupported}`);
  const run = startOf(params, bundle.tensors.inputs);
  const truth = outputsOf(await llamaRun(run), params.mode);
  const limits = new RunLimits(run, t.ieee);
  const recorded = Object.entries(valuesOfStored(bundle.tensors.outputs, {}));
  const asked = recorded
    .filter(([name]) => limits.holds(name))
    .map(([name, actual]) => [name, actual, expectedOf(truth, name, actual)] as const);
  const questions = asked.map(([name, actual, truth]) => question({ name, actual, truth }, limits));
  const { deviating } = findDeviation(t, bundle, await Promise.all(questions));

  t.gpu.memory.guarded = true;
  const products = new StoredProducts();
  const ran = await train(t.gpu, run, async (step, applications) => {
    for (const application of applications) products.see(application);
    if (step === 1 || step === params.steps) await judgeApplications(t, step, applications);
  });
  products.expect(t, STORED_AS[params.autocast_dtype ?? 'float32']);
  const ours = outputsOf(ran, params.mode);
  for (const [name, theirs, expected] of asked) {
    const actual = ours[name] as Value;
    const unjudged = limits.unjudged(name, expected);
    const limit = await limits.of(name, { actual, truth: expected });
    t.expectAccepted(name, actual, expected, limit, unjudged);
    if (!deviating.has(name)) {
      t.expectAccepted(
        `${name}, beside the recorded,`,
        actual,
        theirs,
        await limits.relativeTo(name, { actual, recorded: theirs, truth: expected }),
        unjudged,
      );
    }
  }
}

function expectedOf(truth: Readonly<Record<string, Value>>, name: string, { shape }: Value): Value {
  const expected = truth[name];
  if (!expected || !sameShape(expected.shape, shape)) {
    throw new FormatError(
      `train_llama: out.${name} of shape [${shape.join(', ')}] is none of what this run gives`,
    );
  }
  return expected;
}

async function question(
  { name, actual, truth }: Pick<Question, 'name' | 'actual' | 'truth'>,
  limits: RunLimits,
): Promise<Question> {
  return {
    name,
    isGradient: false,
    actual,
    truth,
    acceptance: await limits.widest(name, truth),
    unjudged: limits.unjudged(name, truth),
    basis: 'the run in float64 gives',
  };
}

import { Tape } from '../../../autograd/tape.ts';
import { ConfigError } from '../../../formats/hugging-face/config-error.ts';
import type { ParityBundle } from '../../../formats/parity-bundle.ts';
import type { Gpu } from '../../../gpu/gpu.ts';
import type { Application } from '../../../graph/call.ts';
import { Llama } from '../../../models/llama/llama.ts';
import { judge } from '../../../reference/judge.ts';
import { logitsLimit, logitsOf } from '../../../reference/llama/logits.ts';
import type { Value } from '../../../reference/record.ts';
import { hostTensorFrom, valuesOf } from '../../../tensor/host.ts';
import { Tensor } from '../../../tensor/tensor.ts';
import type { CaseContext } from '../../context.ts';
import { faultsOf } from '../../fault.ts';
import { judgeApplications } from '../../judge-step.ts';
import type { Control } from '../../suite.ts';
import { findDeviation } from '../finding.ts';
import { valuesOfStored } from '../fit.ts';
import { askedOf, configOf, type LogitsAsked } from './logits-start.ts';
import { INTERLEAVED } from './replay.ts';

/** The op of the vocabulary that is a model, and no kernel's. */
export const LOGITS = 'causal_lm_logits';

const UNSCALED: Control = {
  name: 'positions turn as if they were not scaled',
  faults: faultsOf((fault) =>
    fault.host(
      'nn.llama.frequencies',
      (original) => (rope: object, length: number) =>
        original({ ...rope, rope_scaling: undefined }, length),
    ),
  ),
};
export const WITHOUT_WINDOW: Control = {
  name: 'attention sees what is before the window',
  faults: faultsOf((fault) => fault.host('nn.llama.windowOf', () => () => undefined)),
};
const WITHOUT_HEAD_NORMS: Control = {
  name: 'queries and keys are not normalized',
  faults: faultsOf((fault) => fault.host('nn.llama.normsHeads', () => () => false)),
};
const WITHOUT_BIAS: Control = {
  name: 'linears without their biases',
  faults: faultsOf((fault) => fault.host('layers.bias_of', () => () => undefined)),
};

/** Every fault of a model that some recording shows. */
export const LOGITS_CONTROLS = [UNSCALED, WITHOUT_WINDOW, WITHOUT_HEAD_NORMS, WITHOUT_BIAS];

/** The fault that turns the replay of a bundle red: of what the model has, the rarest is missing. */
export function controlOfLogits(bundle: ParityBundle): Control {
  const length = bundle.tensors.inputs['input_ids']?.shape[1] ?? 0;
  let config: ReturnType<typeof configOf>;
  try {
    config = configOf(bundle);
  } catch (error) {
    if (error instanceof ConfigError) return INTERLEAVED;
    throw error;
  }
  const { ropeScaling: scaling, slidingWindow: window } = config;
  // Of dynamic positions short texts are not scaled at all.
  const isGrown = scaling?.rope_type !== 'dynamic' || length > scaling.max_position_embeddings;
  if (scaling && isGrown) return UNSCALED;
  if (window && length > window.tokens) return WITHOUT_WINDOW;
  if (config.family === 'qwen3') return WITHOUT_HEAD_NORMS;
  const isBiased = Object.keys(bundle.tensors.inputs).some((name) => name.endsWith('.bias'));
  return isBiased ? WITHOUT_BIAS : INTERLEAVED;
}

/**
 * Replays logits of a whole model. Every op of ours must be within its bound, from the very inputs
 * that it had; and the logits within the limits of trajectories of those in float64, and of the
 * recorded ones, unless these are out themselves, which is the finding `producer-deviates`. What
 * this version knows no layers for is skipped as `not-implemented`. `compute` runs the model on the
 * device.
 */
export async function replayLogits(
  t: CaseContext,
  bundle: ParityBundle,
  compute: typeof logitsOnDevice = logitsOnDevice,
): Promise<void> {
  const asked = askedIn(t, bundle);
  const { config, weights, ids } = asked;
  const again = (each: typeof weights) => logitsOf(config, each, ids);
  const truth = await again(weights);
  const limitOn = (actual: Value, expected: Value, ieee: boolean) =>
    logitsLimit({ actual, truth: expected, ieee }, weights, again);
  const recorded = valuesOfStored(bundle.tensors.outputs, {})['logits'] as Value;
  const unjudged = new Uint8Array(truth.data.length);
  const { deviating } = findDeviation(t, bundle, [
    {
      ...{ name: 'logits', isGradient: false, actual: recorded, truth, unjudged },
      // Processors round to nearest.
      acceptance: await limitOn(recorded, truth, bundle.device === 'cpu'),
      basis: 'the model in float64 gives',
    },
  ]);
  t.gpu.memory.guarded = true;
  const actual = await compute(t.gpu, asked, (applications) =>
    judgeApplications(t, 1, applications),
  );
  const limit = await limitOn(actual, truth, t.ieee);
  t.expectAccepted('logits', actual, truth, limit, unjudged);
  if (!deviating.has('logits')) {
    // Where that strays farther from the truth than ours may, so may ours from it.
    const isNear = judge(recorded, truth, await limitOn(recorded, truth, t.ieee)).ok;
    const beside = await limitOn(actual, recorded, t.ieee && isNear);
    t.expectAccepted('logits, beside the recorded,', actual, recorded, beside, unjudged);
  }
}

/** What a bundle of a whole model asks for; a model that this version knows no layers for is skipped. */
export function askedIn(t: CaseContext, bundle: ParityBundle): LogitsAsked {
  try {
    return askedOf(bundle);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    if (error.faults.some(({ code }) => code !== 'not-supported')) throw error;
    return t.skip('not-implemented', `${bundle.op} of this version: ${error.message}`);
  }
}

/** Logits of the engine's model; `look` sees every op while its tensors live. */
async function logitsOnDevice(
  gpu: Gpu,
  { config, weights, ids }: LogitsAsked,
  look: (applications: readonly Application<Tensor>[]) => Promise<unknown>,
): Promise<Value> {
  const hosts = Object.entries(weights).map(
    ([name, { shape, data }]) => [name, hostTensorFrom('f32', shape, data)] as const,
  );
  using model = new Llama(gpu, config, { trained: new Map(), frozen: new Map(hosts) });
  using given = Tensor.from(gpu, hostTensorFrom('i32', ids.shape, ids.data));
  const trace: Application<Tensor>[] = [];
  using tape = new Tape(gpu, [], { trace });
  const host = await model.forward(tape, { ids: given }).read();
  await look(trace);
  return { shape: host.shape, data: valuesOf(host) };
}

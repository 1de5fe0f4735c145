import type { LabelledTokens } from '../../data/labelled-tokens.ts';
import { initialAdapters } from '../../models/llama/lora/initial-adapters.ts';
import { blockLinears } from '../../models/llama/lora/module-names.ts';
import { llamaConfigOf } from '../../models/llama/model-config.ts';
import { isQuantized, withParts } from '../../quant/weight.ts';
import { constantsOf, llamaGraph, type StateDict } from '../../reference/llama/model.ts';
import type { Value, Values } from '../../reference/record.ts';
import type { Recipe } from '../../reference/step/state.ts';
import { trainingRun } from '../../reference/training-run.ts';
import { valuesOfHosts } from '../../reference/values.ts';
import { type HostTensor, type HostTensors, hostTensorFrom } from '../../tensor/host.ts';
import { Random } from '../../tensor/random.ts';
import type { LlamaTrainingConfig } from '../../train/llama/config/read-training-config.ts';
import { ADAPTER_STREAM, linearAdapters } from '../../train/llama/open-model.ts';
import { runPlan } from '../../train/llama/run-plan.ts';
import { TextBatches } from '../../train/llama/text-batches.ts';
import { tokensOf } from '../../train/llama/told-step.ts';
import { BackendError } from './backend-error.ts';
import { type HostModel, isCoded } from './host-model.ts';

/** A step of a training on the reference. */
export interface ReferenceStep {
  readonly step: number;
  /** Epochs that are behind it. */
  readonly epoch: number;
  /** Tokens of its rows. */
  readonly tokens: number;
  readonly loss: number;
  readonly gradNorm: number;
  readonly learningRate: number;
}

/**
 * Fine-tunes a Llama in float64, op by op by the records, where there is no WebGPU: texts, order,
 * adapters and update are those of the engine's runs, so that the losses agree within rounding. Gives
 * what was trained, in f32, after the last step or that in which `signal` aborted. Throws BackendError `backend-lacks` for what the records do not train:
 * other types than full, lora and qlora, dropout, packing, half precision and offload.
 */
export async function* trainOnReference(
  host: HostModel,
  texts: readonly LabelledTokens[],
  config: LlamaTrainingConfig,
  signal?: AbortSignal,
): AsyncGenerator<ReferenceStep, HostTensors> {
  requireTrainable(config, host);
  const { config: architecture, values } = host;
  const plan = runPlan(texts, config);
  const { adapter: settings, seed, optimizer, maxGradNorm } = config;
  const modules = settings && linearAdapters(architecture, settings);
  const weights: Record<string, StateDict[string]> = {};
  for (const [name, value] of values) weights[name] = inFloat64(name, value);
  const trained: Values = modules
    ? valuesOfHosts(
        Object.fromEntries(
          initialAdapters(architecture, { modules, random: new Random(seed, ADAPTER_STREAM) }),
        ),
      )
    : (weights as Values);
  const [first] = modules?.values() ?? [];
  const model = {
    config: llamaConfigOf(architecture, plan.longest),
    adapter: first && { r: first.r, alpha: first.alpha, use_rslora: first.use_rslora ?? false },
    weights: { ...weights, ...trained },
  };
  const shapedAs = ({ ids }: Values) => {
    const batch = (ids as Value).shape;
    const constants = constantsOf({ ...model, batch });
    return { graph: llamaGraph({ ...model, batch }), constants };
  };
  const source = new TextBatches(plan.training, config);
  let from: Awaited<ReturnType<typeof trainingRun>>['last'] | undefined;
  for (let step = 1; step <= plan.steps && !signal?.aborted; step++) {
    const rows = source.next();
    const tokens = tokensOf(rows);
    const parts = rows.map(({ inputs, labels }) => valuesOfHosts({ ...inputs, labels }));
    const shape = shapedAs(parts[0] as Values);
    const { losses, grad_norms, lrs, last } = await trainingRun({
      ...{ ...shape, shapedAs, shift: true, batches: [parts], trained, from },
      // A configuration has a rate.
      ...{ optimizer: optimizer as Recipe['optimizer'], schedule: plan.schedule },
      clip: maxGradNorm > 0 ? maxGradNorm : Number.POSITIVE_INFINITY,
    });
    from = last;
    const [loss = 0] = losses;
    const [gradNorm = 0] = grad_norms;
    const [learningRate = 0] = lrs;
    yield { step, epoch: step / plan.stepsOfEpoch, tokens, loss, gradNorm, learningRate };
  }
  const left = Object.entries(from?.trained ?? trained);
  return Object.fromEntries(
    left.map(([name, { shape, data }]): readonly [string, HostTensor] => [
      name,
      hostTensorFrom('f32', shape, data),
    ]),
  );
}

const TRAINABLE: readonly string[] = ['full', 'lora', 'qlora'];

function requireTrainable(config: LlamaTrainingConfig, { config: model, values }: HostModel): void {
  const { type, adapter, packing, precision, offload, base } = config;
  const { rank_pattern = {}, alpha_pattern = {} } = adapter?.rules ?? {};
  const isInFloats = (name: string) => {
    const value = values.get(`${name}.weight`);
    return value !== undefined && !isCoded(value) && !isQuantized(value);
  };
  const lacking = [
    TRAINABLE.includes(type) ? '' : `type ${type}`,
    base && [...blockLinears(model).keys()].some(isInFloats) ? 'a base that is in floats yet' : '',
    adapter?.dropout ? 'lora_dropout' : '',
    adapter?.use_dora ? 'use_dora' : '',
    Object.keys({ ...rank_pattern, ...alpha_pattern }).length > 0 ? 'patterns of ranks' : '',
    adapter?.retrained.modules_to_save.length ? 'modules_to_save' : '',
    adapter && (adapter.lora_bias || adapter.retrained.bias !== 'none') ? 'biases' : '',
    packing ? 'packing' : '',
    precision === 'fp32' ? '' : precision,
    offload ? 'offload' : '',
  ].filter(Boolean);
  if (lacking.length > 0)
    throw new BackendError(
      'backend-lacks',
      `the reference does not train with ${lacking.join(', ')}: leave that out, or train on webgpu`,
    );
}

function inFloat64(name: string, value: Parameters<typeof isCoded>[0]): StateDict[string] {
  if (isCoded(value))
    throw new BackendError(
      'backend-lacks',
      `${name} is in codes that the reference does not train over: give the model in floats`,
    );
  if (isQuantized(value)) return withParts(value, (part) => valuesOfHosts({ part }).part);
  return valuesOfHosts({ value }).value;
}

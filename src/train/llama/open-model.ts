import { Checkpoint } from '../../formats/hugging-face/checkpoint.ts';
import type { ModelConfig } from '../../formats/hugging-face/config.ts';
import { modelConfigIn } from '../../formats/hugging-face/model-folder.ts';
import type { ModelFolder } from '../../formats/hugging-face/shards.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import type { Llama } from '../../models/llama/llama.ts';
import { loadLlama, quantizationPlan } from '../../models/llama/load.ts';
import type { LinearAdapter } from '../../models/llama/lora/adapted-linear.ts';
import { blockLinears } from '../../models/llama/lora/module-names.ts';
import { adapterTargets } from '../../models/llama/lora/targets.ts';
import type { Policy } from '../../quantizer/policy.ts';
import type { HostTensor } from '../../tensor/host.ts';
import { Random } from '../../tensor/random.ts';
import { ENGINE } from '../engine-quantizer.ts';
import type { AdapterSettings, LlamaTrainingConfig } from './config/read-training-config.ts';

/** Stream of the seed from which adapters are drawn. */
const ADAPTER_STREAM = 1;

/** What a training needs of its configuration to have a model. */
type ModelChoice = Pick<
  LlamaTrainingConfig,
  'adapter' | 'base' | 'length' | 'checkpointing' | 'seed'
>;

/** How each module is adapted. Throws AdapterError for rules that meet none. */
export function linearAdapters(
  model: ModelConfig,
  { rules, dropout, use_rslora, use_dora, apart }: AdapterSettings,
): ReadonlyMap<string, LinearAdapter> {
  return new Map(
    [...adapterTargets(model, rules)].map(([name, size]) => [
      name,
      { ...size, use_rslora, use_dora, dropout, apart },
    ]),
  );
}

/** Rules that keep modules whose names end so. Names that meet none are no fault, as elsewhere. */
export function policyOf(model: ModelConfig, skip: readonly string[]): Policy {
  const kept = [...blockLinears(model).keys()].filter((name) =>
    skip.some((end) => name === end || name.endsWith(`.${end}`)),
  );
  return { rules: kept.map((layers) => ({ layers, to: 'keep' })) };
}

/**
 * Whether the weights of a folder are there and can be trained so, before anything is uploaded.
 * Throws ConfigError, CheckpointError, QuantizerError and AdapterError.
 */
export async function checkedModel(
  folder: ModelFolder,
  { adapter, base }: Pick<ModelChoice, 'adapter' | 'base'>,
): Promise<ModelConfig> {
  const model = await modelConfigIn(folder);
  await Checkpoint.open(folder, model);
  if (adapter) linearAdapters(model, adapter);
  if (base) quantizationPlan(model, { options: base.options, policy: policyOf(model, base.skip) });
  return model;
}

/**
 * The model of a folder as a training type has it: weights in floats that are trained, or a base, in
 * codes where it is, below adapters, which are drawn from the seed or go on from `saved` values. The
 * caller owns it. Throws as `loadLlama` does.
 */
export async function openModel(
  gpu: Gpu,
  { folder, config }: { readonly folder: ModelFolder; readonly config: ModelConfig },
  { adapter, base, length, checkpointing, seed }: ModelChoice,
  saved?: ReadonlyMap<string, HostTensor>,
): Promise<Llama> {
  return await loadLlama(gpu, folder, {
    ...{ length, checkpointing },
    ...(adapter ? {} : { trains: () => true }),
    quantized: base && {
      backend: ENGINE,
      options: base.options,
      policy: policyOf(config, base.skip),
    },
    adapters: adapter && {
      modules: linearAdapters(config, adapter),
      random: new Random(seed, ADAPTER_STREAM),
      values: saved,
    },
  });
}

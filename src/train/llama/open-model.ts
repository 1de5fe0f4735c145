import { Checkpoint } from '../../formats/hugging-face/checkpoint.ts';
import type { ModelConfig } from '../../formats/hugging-face/config.ts';
import { modelConfigIn } from '../../formats/hugging-face/model-folder.ts';
import type { ModelFolder } from '../../formats/hugging-face/shards.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import {
  type BlockExpansion,
  blockExpansion,
  expandedModel,
  isOfCopy,
} from '../../models/llama/block-expansion.ts';
import type { Llama } from '../../models/llama/llama.ts';
import { loadLlama, placesOf, quantizationPlan } from '../../models/llama/load.ts';
import type { LinearAdapter } from '../../models/llama/lora/adapted-linear.ts';
import { blockLinears } from '../../models/llama/lora/module-names.ts';
import { adapterTargets } from '../../models/llama/lora/targets.ts';
import type { Policy } from '../../quantizer/policy.ts';
import { seam } from '../../seam.ts';
import type { HostTensor } from '../../tensor/host.ts';
import { Random } from '../../tensor/random.ts';
import { ENGINE } from '../engine-quantizer.ts';
import type { AdapterSettings, LlamaTrainingConfig } from './config/read-training-config.ts';

/** Stream of the seed from which adapters are drawn. */
const ADAPTER_STREAM = 1;

/** What a training needs of its configuration to have a model. */
type ModelChoice = Pick<
  LlamaTrainingConfig,
  'adapter' | 'expansionRate' | 'base' | 'length' | 'checkpointing' | 'seed'
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

/** A model as it is trained, with the blocks that are added to it. */
export interface GrownModel {
  readonly grown: ModelConfig;
  readonly expansion?: BlockExpansion | undefined;
}

/** The model with the blocks that a training type adds, if it does. Throws ExpansionError. */
export function grownModel(
  model: ModelConfig,
  { expansionRate }: Pick<ModelChoice, 'expansionRate'>,
): GrownModel {
  if (expansionRate === undefined) return { grown: model };
  const expansion = blockExpansion(model.layers, expansionRate);
  return { grown: expandedModel(model, expansion), expansion };
}

/**
 * How each linear of a block is quantized: those whose names end so, and those of added blocks, stay
 * in floats. Names that meet none are no fault, as elsewhere. Throws as `quantizationPlan` does.
 */
export function policyOf({ grown, expansion }: GrownModel, skip: readonly string[]): Policy {
  const kept = [...blockLinears(grown).keys()].filter(
    (name) =>
      (expansion && isOfCopy(name, expansion)) ||
      skip.some((end) => name === end || name.endsWith(`.${end}`)),
  );
  return { rules: kept.map((layers) => ({ layers, to: 'keep' })) };
}

/** Whether a tensor of the folder is trained itself: all are, where nothing is added. */
const trainedWhole = seam(
  'train.llama.trains',
  (adapter: AdapterSettings | undefined, { expansion }: GrownModel): ((name: string) => boolean) =>
    () =>
      !adapter && !expansion,
);

/**
 * Whether the weights of a folder are there and can be trained so, before anything is uploaded.
 * Throws ConfigError, CheckpointError, ExpansionError, QuantizerError and AdapterError.
 */
export async function checkedModel(
  folder: ModelFolder,
  { adapter, base, expansionRate }: Pick<ModelChoice, 'adapter' | 'base' | 'expansionRate'>,
): Promise<ModelConfig> {
  const model = await modelConfigIn(folder);
  const checkpoint = await Checkpoint.open(folder, model);
  if (adapter) linearAdapters(model, adapter);
  const grown = grownModel(model, { expansionRate });
  placesOf(checkpoint, trainedWhole(adapter, grown), grown.expansion);
  if (base)
    quantizationPlan(grown.grown, { options: base.options, policy: policyOf(grown, base.skip) });
  return model;
}

/**
 * The model of a folder as a training type has it: weights in floats that are trained, all or those
 * of added blocks, or a base, in codes where it is, below adapters, which are drawn from the seed or go on from `saved` values. The
 * caller owns it. Throws as `loadLlama` does, and ExpansionError.
 */
export async function openModel(
  gpu: Gpu,
  { folder, config }: { readonly folder: ModelFolder; readonly config: ModelConfig },
  { adapter, base, expansionRate, length, checkpointing, seed }: ModelChoice,
  saved?: ReadonlyMap<string, HostTensor>,
): Promise<Llama> {
  const grown = grownModel(config, { expansionRate });
  const { expansion } = grown;
  return await loadLlama(gpu, folder, {
    ...{ length, checkpointing, expansion },
    trains: trainedWhole(adapter, grown),
    quantized: base && {
      backend: ENGINE,
      options: base.options,
      policy: policyOf(grown, base.skip),
    },
    adapters: adapter && {
      modules: linearAdapters(config, adapter),
      random: new Random(seed, ADAPTER_STREAM),
      values: saved,
    },
  });
}

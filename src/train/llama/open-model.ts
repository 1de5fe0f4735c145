import { tensorShapes } from '../../formats/hugging-face/architecture.ts';
import type { Checkpoint } from '../../formats/hugging-face/checkpoint.ts';
import { isPrequantized, type ModelConfig } from '../../formats/hugging-face/config.ts';
import type { ModelFolder } from '../../formats/hugging-face/shards.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import {
  type BlockExpansion,
  blockExpansion,
  expandedModel,
  expansionBetween,
  expansionName,
  isOfCopy,
} from '../../models/llama/block-expansion.ts';
import { ExpansionError } from '../../models/llama/expansion-error.ts';
import type { Llama } from '../../models/llama/llama.ts';
import { loadLlama, placesOf, quantizationPlan } from '../../models/llama/load.ts';
import type { LinearAdapter } from '../../models/llama/lora/adapted-linear.ts';
import { blockLinears } from '../../models/llama/lora/module-names.ts';
import { requireShapes } from '../../models/llama/lora/required-shapes.ts';
import {
  type Retrained,
  requireFloats,
  retrainedName,
  retrainedTensors,
  unties,
} from '../../models/llama/lora/retrained.ts';
import { adapterTargets } from '../../models/llama/lora/targets.ts';
import type { Policy } from '../../quantizer/policy.ts';
import { seam } from '../../seam.ts';
import type { HostTensor } from '../../tensor/host.ts';
import { Random } from '../../tensor/random.ts';
import type { Shape } from '../../tensor/shape.ts';
import type { ValueHome } from '../../tensor/value-home.ts';
import { ENGINE } from '../engine-quantizer.ts';
import type { AdapterSettings, LlamaTrainingConfig } from './config/read-training-config.ts';
import { skipRule } from './config/skipped-modules.ts';

/** Stream of the seed from which adapters are drawn. */
export const ADAPTER_STREAM = 1;

/** What a training needs of its configuration to have a model. */
type ModelChoice = Pick<
  LlamaTrainingConfig,
  'adapter' | 'expansionRate' | 'expanded' | 'base' | 'length' | 'checkpointing' | 'seed'
>;

/** How each module is adapted. Throws AdapterError for rules that meet none. */
export function linearAdapters(
  model: ModelConfig,
  { rules, dropout, use_rslora, use_dora, apart, lora_bias }: AdapterSettings,
): ReadonlyMap<string, LinearAdapter> {
  return new Map(
    [...adapterTargets(model, rules)].map(([name, size]) => [
      name,
      { ...size, use_rslora, use_dora, dropout, apart, lora_bias },
    ]),
  );
}

/** What is trained itself beside the adapters. Throws AdapterError for names that meet none. */
const retrainedBeside = (
  model: ModelConfig,
  adapter: AdapterSettings,
): ReadonlyMap<string, Retrained> =>
  retrainedTensors(model, adapter.retrained, linearAdapters(model, adapter));

/** A model as it is trained, with the blocks that are added to it. */
export interface GrownModel {
  readonly grown: ModelConfig;
  readonly expansion?: BlockExpansion | undefined;
  /** Whether the folder has them already. */
  readonly isMade?: boolean;
}

/** The model with the blocks that a training type adds, if it does. Throws ExpansionError. */
export function grownModel(
  model: ModelConfig,
  { expansionRate, expanded }: Pick<ModelChoice, 'expansionRate' | 'expanded'>,
): GrownModel {
  if (expansionRate === undefined) return { grown: model };
  if (expanded && model.layers === expanded.after)
    return { grown: model, expansion: expansionBetween(expanded), isMade: true };
  if (expanded && model.layers !== expanded.before)
    throw new ExpansionError(
      'block-expansion-name',
      `the model has ${model.layers} blocks, and those that were added are of ${expansionName(expanded)}`,
      'give the model that they were added to',
    );
  const expansion = expanded
    ? expansionBetween(expanded)
    : blockExpansion(model.layers, expansionRate);
  return { grown: expandedModel(model, expansion), expansion };
}

/** The model that a training leaves: with added blocks, and a head of its own where it was trained. */
export function tunedConfig(
  model: ModelConfig,
  { adapter, ...blocks }: Pick<ModelChoice, 'adapter' | 'expansionRate' | 'expanded'>,
): ModelConfig {
  const { grown } = grownModel(model, blocks);
  return adapter && unties(retrainedBeside(model, adapter)) ? { ...grown, tied: false } : grown;
}

/**
 * How each linear of a block is quantized: those that are skipped, and those of added blocks, stay in
 * floats. What meets none is told where settings are read. Throws as `quantizationPlan` does.
 */
export const policyOf = seam(
  'train.llama.policyOf',
  ({ grown, expansion }: GrownModel, skip: readonly string[]): Policy => {
    const skips = skip.map(skipRule);
    const kept = [...blockLinears(grown).keys()].filter(
      (name) => (expansion && isOfCopy(name, expansion)) || skips.some((isNamed) => isNamed(name)),
    );
    return { rules: kept.map((layers) => ({ layers, to: 'keep' })) };
  },
);

/**
 * Whether a tensor of the folder is trained itself: all are, where nothing is added, and those of
 * blocks that were added before.
 */
const trainedWhole = seam(
  'train.llama.trains',
  (adapter: AdapterSettings | undefined, { expansion, isMade }: GrownModel) =>
    (name: string): boolean =>
      expansion ? isMade === true && isOfCopy(name, expansion) : !adapter,
);

/** The blocks that are copied while the folder is read; none where it has them. */
export const copiesOf = ({ expansion, isMade }: GrownModel): BlockExpansion | undefined =>
  isMade ? undefined : expansion;

/** The tensors of added blocks by their names in the larger model. */
const addedShapes = ({ grown, expansion }: GrownModel): ReadonlyMap<string, Shape> =>
  new Map([...tensorShapes(grown)].filter(([name]) => expansion && isOfCopy(name, expansion)));

/** The tensors that a type without adapters trains: those of added blocks, or all. */
export const wholeShapes = (model: GrownModel): ReadonlyMap<string, Shape> =>
  model.expansion ? addedShapes(model) : tensorShapes(model.grown);

/** The tensors that adapters train, by the names of their layers; of a run without them none. */
export function adapterShapes(
  model: ModelConfig,
  { adapter }: Pick<ModelChoice, 'adapter'>,
): ReadonlyMap<string, Shape> {
  if (!adapter) return new Map();
  const linears = blockLinears(model);
  const retrained = [...retrainedBeside(model, adapter)];
  return new Map([
    ...[...linearAdapters(model, adapter)].flatMap(([name, { r, use_dora, lora_bias }]) => {
      const [outputs = 0, inputs = 0] = linears.get(name) as Shape;
      return [
        [`${name}.lora_A`, [r, inputs]],
        [`${name}.lora_B`, [outputs, r]],
        ...(lora_bias ? [[`${name}.lora_bias`, [outputs]]] : []),
        ...(use_dora ? [[`${name}.magnitude`, [outputs]]] : []),
      ] as [string, Shape][];
    }),
    ...retrained.map(([name, { shape }]) => [retrainedName(name), shape] as const),
  ]);
}

/**
 * Throws AdapterError `adapter-file` where values to go on from are not those that are trained, and
 * ExpansionError.
 */
export function requireSaved(
  model: ModelConfig,
  config: Pick<ModelChoice, 'adapter' | 'expansionRate' | 'expanded'>,
  saved: ReadonlyMap<string, HostTensor>,
): void {
  const grown = grownModel(model, config);
  if (config.adapter) requireShapes(adapterShapes(model, config), saved, 'the adapter');
  else if (grown.expansion) requireShapes(wholeShapes(grown), saved, 'the file of added blocks');
  else requireShapes(wholeShapes(grown), saved, 'the file of weights');
}

/**
 * Whether the weights of a folder can be trained so, before anything is uploaded. Throws
 * CheckpointError, ExpansionError, QuantizerError and AdapterError.
 */
export function requireTrainable(
  checkpoint: Checkpoint,
  model: ModelConfig,
  {
    adapter,
    base,
    ...blocks
  }: Pick<ModelChoice, 'adapter' | 'base' | 'expansionRate' | 'expanded'>,
): void {
  const retrained = adapter ? retrainedBeside(model, adapter) : new Map<string, Retrained>();
  const grown = grownModel(model, blocks);
  const isWhole = trainedWhole(adapter, grown);
  const sources = new Set([...retrained.values()].map(({ source }) => source));
  placesOf(checkpoint, (name) => isWhole(name) || sources.has(name), copiesOf(grown));
  if (!base || isPrequantized(model)) return;
  const plan = quantizationPlan(grown.grown, {
    ...{ options: base.options, policy: policyOf(grown, base.skip) },
  });
  requireFloats(retrained, (module) => plan.has(module));
}

/**
 * The model of a folder as a training type has it: weights in floats that are trained, all or those
 * of added blocks, or a base, in codes where it is, below adapters, which are drawn from the seed,
 * with what is trained beside them. What is trained goes on from `saved` values; with a `home` all
 * values lie there. The caller owns it.
 * Throws as `loadLlama` does, and ExpansionError.
 */
export async function openModel(
  gpu: Gpu,
  { folder, config }: { readonly folder: ModelFolder; readonly config: ModelConfig },
  { adapter, base, length, checkpointing, seed, ...blocks }: ModelChoice,
  saved?: ReadonlyMap<string, HostTensor>,
  home?: ValueHome,
): Promise<Llama> {
  const grown = grownModel(config, blocks);
  if (saved) requireSaved(config, { adapter, ...blocks }, saved);
  return await loadLlama(gpu, folder, {
    ...{
      length,
      checkpointing,
      expansion: copiesOf(grown),
      values: adapter ? undefined : saved,
      home,
    },
    added: grown.expansion?.added,
    trains: trainedWhole(adapter, grown),
    quantized: base && {
      backend: ENGINE,
      options: base.options,
      policy: policyOf(grown, base.skip),
    },
    adapters: adapter && {
      modules: linearAdapters(config, adapter),
      retrained: retrainedBeside(config, adapter),
      random: new Random(seed, ADAPTER_STREAM),
      values: saved,
    },
  });
}

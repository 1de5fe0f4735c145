import { quote } from '../../../formats/format-error.ts';
import type { StoredCodes } from '../../../formats/hugging-face/coded-weights.ts';
import { isPrequantized, type ModelConfig } from '../../../formats/hugging-face/config.ts';
import {
  type ExpandedLayers,
  expandedNames,
  isOfCopy,
} from '../../../models/llama/block-expansion.ts';
import { blockLinears } from '../../../models/llama/lora/module-names.ts';
import { shortContextOf } from '../../../vocabulary/attention/rope-scaling.ts';
import { type GrownModel, policyOf } from '../open-model.ts';
import { adapterFaults } from './adapter-faults.ts';
import { groupFaults, grownBy } from './base-faults.ts';
import { codeFaults, SKIPPED } from './code-faults.ts';
import { type Combination, type IsWrong, typeOf } from './pair.ts';
import { type BaseSettings, baseOf, USUAL_EXPANSION } from './read-training-config.ts';
import type { TrainingConfigFault } from './training-config-error.ts';
import type { TrainingFields } from './training-fields.ts';
import { TRAINING_TYPES, type TrainingType } from './types.ts';

/** The folder that a configuration is for. */
export interface TrainedFolder {
  readonly model: ModelConfig;
  /** Whether what is saved is gone on from, which settings do not choose then. Default false. */
  readonly adapted?: boolean;
  /** Blocks that are saved or that the folder has already, which settings do not choose then. */
  readonly expanded?: ExpandedLayers | undefined;
  /** How it has its weights in codes; absent where they cannot be read. */
  readonly codes?: StoredCodes | undefined;
}

/**
 * What of settings the folder contradicts, or names in it what it has not: all that can be told
 * without the fields that are wrong.
 */
export function folderFaults(
  all: Combination,
  folder: TrainedFolder,
  isWrong: IsWrong,
): readonly TrainingConfigFault[] {
  const { given, fields, quantization } = all;
  const { model, codes = new Map<string, never>() } = folder;
  const faults: TrainingConfigFault[] = [];
  if (given['max_length'] != null && fields.max_length > model.context)
    faults.push(tooLong(fields.max_length, model.context));
  if (!isWrong('max_length')) faults.push(...packingFaults(fields, model));
  const type = typeOf(all);
  if (type === undefined) return faults;
  const what: TrainingType = TRAINING_TYPES[type];
  const grown = grownFor(what, all, folder, isWrong);
  if (grown && 'path' in grown) faults.push(grown);
  const whole = grown && 'grown' in grown ? grown : undefined;
  const inCodes = whole && [...codes.keys()].find((name) => isTrained(name, what, whole));
  if (inCodes !== undefined) faults.push(trainedInCodes(type, inCodes));
  if (what.base && quantization)
    faults.push(...codeFaults(quantization, { ...what, base: what.base }, { model, codes }));
  const isRight = (...fields: readonly string[]) =>
    !fields.some((field) => isWrong(`quantization.${field}`));
  // A folder in codes stays as it is.
  const base =
    what.base && !isPrequantized(model) && isRight(SKIPPED[what.base])
      ? baseOf(what.base, quantization)
      : undefined;
  if (base && whole && what.base === 'hqq' && isRight('nbits', 'group_size', 'axis'))
    faults.push(...groupFaults(whole, base));
  if (what.adapter && !folder.adapted) {
    const isCoded = base && whole && codedLinears(whole, base);
    faults.push(...adapterFaults(all, model, { codes, isCoded }, isWrong));
  }
  return faults;
}

/** Positions of packed texts cannot depend on how long each is. */
function packingFaults(
  { packing, max_length }: TrainingFields,
  { ropeScaling }: ModelConfig,
): readonly TrainingConfigFault[] {
  const context = shortContextOf(ropeScaling) ?? max_length;
  if (!packing || max_length <= context) return [];
  return [
    {
      code: 'packing-beyond-context',
      path: 'packing',
      message: `packing is true, and rows of ${max_length} tokens are longer than the context of ${context}, beyond which ${ropeScaling?.rope_type} positions of the model depend on the longest text`,
      suggestion: `give a max_length of at most ${context}, or leave it out`,
    },
  ];
}

/** The model with the blocks that a type adds, or why there is none; undefined while that is not known. */
function grownFor(
  { expands }: TrainingType,
  { fields: { expansion_rate = USUAL_EXPANSION } }: Combination,
  { model, adapted = false, expanded }: TrainedFolder,
  isWrong: IsWrong,
): GrownModel | TrainingConfigFault | undefined {
  if (!expands) return { grown: model };
  const isKnown = expanded !== undefined || !(adapted || isWrong('expansion_rate'));
  return isKnown ? grownBy(model, expansion_rate, expanded) : undefined;
}

/** Whether a tensor of the folder is trained itself, or a copy of it. */
function isTrained(name: string, what: TrainingType, { expansion, isMade }: GrownModel): boolean {
  if (!expansion) return !what.adapter;
  return isMade ? isOfCopy(name, expansion) : expandedNames(name, expansion).copy !== undefined;
}

/** Whether a linear is to be in codes. */
function codedLinears(model: GrownModel, { skip }: BaseSettings): (module: string) => boolean {
  const { rules = [] } = policyOf(model, skip);
  const kept = new Set(rules.map(({ layers }) => layers));
  const linears = blockLinears(model.grown);
  return (module) => linears.has(module) && !kept.has(module);
}

const tooLong = (length: number, context: number): TrainingConfigFault => ({
  ...{ code: 'longer-than-context', path: 'max_length' },
  message: `max_length is ${length}, and the model is made for ${context} tokens`,
  suggestion: 'give at most so many',
});

const trainedInCodes = (type: string, name: string): TrainingConfigFault => ({
  ...{ code: 'trained-in-codes', path: 'type' },
  message: `type "${type}" trains ${quote(name)} whole, which the folder has in codes`,
  suggestion: 'train adapters over it by type "qlora", or give the model in floats',
});

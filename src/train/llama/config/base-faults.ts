import { orError } from '../../../errors.ts';
import type { ModelConfig } from '../../../formats/hugging-face/config.ts';
import type { ExpandedLayers } from '../../../models/llama/block-expansion.ts';
import { ExpansionError } from '../../../models/llama/expansion-error.ts';
import { quantizationPlan } from '../../../models/llama/load.ts';
import { QuantizerError } from '../../../quantizer/quantizer-error.ts';
import { type GrownModel, grownModel, policyOf } from '../open-model.ts';
import { GROUP_SIZES } from './quantization-fields.ts';
import { type BaseSettings, USUAL_EXPANSION } from './read-training-config.ts';
import type { TrainingConfigFault } from './training-config-error.ts';

/**
 * The model with the blocks that `rate` adds, or why it adds none; with those of `expanded`, if there
 * are some, or undefined where they are of another model, which is told elsewhere.
 */
export function grownBy(
  model: ModelConfig,
  rate: number,
  expanded: ExpandedLayers | undefined,
): GrownModel | TrainingConfigFault | undefined {
  const grown = (expansionRate: number) =>
    orError(ExpansionError, () => grownModel(model, { expansionRate, expanded }));
  const found = grown(rate);
  if (!(found instanceof ExpansionError)) return found;
  if (expanded) return undefined;
  // Of another type no block is added.
  const without = grown(USUAL_EXPANSION) instanceof ExpansionError ? ['type'] : [];
  return {
    ...{ code: found.code, path: 'expansion_rate', message: found.what },
    ...{ suggestion: found.suggestion, without: ['expansion_rate', ...without] },
  };
}

/** Why a base cannot be quantized so; nothing where it can. */
export function groupFaults(
  model: GrownModel,
  { options, skip }: BaseSettings,
): readonly TrainingConfigFault[] {
  const policy = policyOf(model, skip);
  const planned = (groupSize = options.groupSize) =>
    orError(QuantizerError, () =>
      quantizationPlan(model.grown, { options: { ...options, groupSize }, policy }),
    );
  const found = planned();
  if (!(found instanceof QuantizerError)) return [];
  const fitting = GROUP_SIZES.filter((size) => !(planned(size) instanceof QuantizerError));
  const path = 'quantization.group_size';
  const kept = 'name it in skip_modules, or give type "qlora", whose rows may be of any width';
  return [
    {
      ...{ code: 'groups-do-not-fit', path },
      message: `${path} is ${options.groupSize}, and ${found.message}`,
      suggestion: fitting.length > 0 ? `give one of ${fitting.join(', ')}` : kept,
      // What is usual may not fit either, and another type has no groups to choose.
      without: fitting.includes(64) ? [path] : ['type', 'quantization'],
    },
  ];
}

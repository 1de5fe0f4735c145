import { orError } from '../../../errors.ts';
import type { Architecture } from '../../../formats/hugging-face/architecture.ts';
import type { StoredCodes } from '../../../formats/hugging-face/coded-weights.ts';
import { AdapterError } from '../../../models/llama/lora/adapter-error.ts';
import {
  type Retrained,
  requireFloats,
  retrainedTensors,
} from '../../../models/llama/lora/retrained.ts';
import {
  type AdapterSize,
  adapterTargets,
  namedModules,
  type TargetRules,
} from '../../../models/llama/lora/targets.ts';
import type { Combination, IsWrong } from './pair.ts';
import { loraOf } from './read-training-config.ts';
import type { TrainingConfigFault } from './training-config-error.ts';

/** Fields that leave modules out, with what to give in their place. */
const NARROWING = {
  exclude_modules: () => 'leave it out, or name fewer modules',
  modules_to_save: () => 'leave it out, or name fewer modules',
  layers_pattern: () => 'leave it out, or give what stands before the number, as "layers"',
  layers_to_transform: ({ layers }: Architecture) =>
    `leave it out, or give blocks from 0 to ${layers - 1}`,
} as const;
const NARROWING_FIELDS = Object.keys(NARROWING) as readonly (keyof typeof NARROWING)[];

const at = (field: string) => `lora.${field}`;

/** What of a model cannot be trained itself beside adapters. */
export interface FixedParts {
  /** The tensors that a folder has in codes. */
  readonly codes: StoredCodes;
  /** Whether a linear is to be quantized; absent where that is not known. */
  readonly isCoded?: ((module: string) => boolean) | undefined;
}

/** What of `lora` a model contradicts, as far as it can be told without the fields that are wrong. */
export function adapterFaults(
  { fields, lora }: Combination,
  model: Architecture,
  fixed: FixedParts,
  isWrong: IsWrong,
): readonly TrainingConfigFault[] {
  if (!lora) return [];
  // Where both lists are given, which is refused, this one is held too.
  const rules: TargetRules = lora.target_modules === undefined ? loraOf(fields, lora) : lora;
  const isNarrowed = NARROWING_FIELDS.every((field) => !isWrong(at(field)));
  const targets = isWrong(at('target_modules'))
    ? undefined
    : orError(AdapterError, () => adapterTargets(model, rules));
  const faults: TrainingConfigFault[] = [];
  if (targets instanceof AdapterError) {
    // Of what is named beside linears a field may leave out all, if it is right.
    const fault = targetFault(model, rules, targets);
    if (isNarrowed || namedModules(model, rules).length === 0) faults.push(fault);
  }
  const adapted = targets instanceof Map && isNarrowed ? targets : new Map<string, AdapterSize>();
  for (const module of lora.modules_to_save) {
    const error = orError(AdapterError, () => {
      const saved = { bias: 'none', modules_to_save: [module] } as const;
      requireTrainable(retrainedTensors(model, saved, adapted), fixed);
    });
    if (error) faults.push(faultOf(error, at('modules_to_save')));
  }
  return faults;
}

function targetFault(
  model: Architecture,
  rules: TargetRules,
  error: AdapterError,
): TrainingConfigFault {
  const isMet = (some: TargetRules) => namedModules(model, some).length > 0;
  const field = isMet(rules)
    ? undefined
    : NARROWING_FIELDS.find((each) => isMet({ ...rules, [each]: undefined }));
  if (field === undefined) return faultOf(error, at('target_modules'));
  return {
    code: error.code,
    path: at(field),
    message: `${at(field)} leaves no module of those that target_modules meet`,
    suggestion: NARROWING[field](model),
  };
}

/** Throws AdapterError for what is in codes, or will be. */
function requireTrainable(
  retrained: ReadonlyMap<string, Retrained>,
  { codes, isCoded }: FixedParts,
): void {
  const stored = [...retrained.values()].find(({ source }) => codes.has(source));
  if (stored)
    throw new AdapterError(
      'adapter-saved-modules',
      `modules_to_save meet ${stored.source}, which the folder has in codes`,
      'train adapters over it, or give the model in floats',
    );
  if (isCoded) requireFloats(retrained, isCoded);
}

const faultOf = ({ code, what, suggestion }: AdapterError, path: string): TrainingConfigFault => ({
  ...{ code, path, suggestion },
  message: what,
});

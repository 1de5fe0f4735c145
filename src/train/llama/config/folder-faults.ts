import { quote } from '../../../formats/format-error.ts';
import type { CodedScheme, StoredCodes } from '../../../formats/hugging-face/coded-weights.ts';
import type { ModelConfig } from '../../../formats/hugging-face/config.ts';
import { blockLinears, moduleNames } from '../../../models/llama/lora/module-names.ts';
import { layerOf } from '../../../quantizer/kept-layers.ts';
import { shortContextOf } from '../../../vocabulary/attention/rope-scaling.ts';
import { USUAL_THRESHOLD } from '../../../vocabulary/quant/outliers.ts';
import type { Combination } from './pair.ts';
import { skipRule } from './skipped-modules.ts';
import type { TrainingConfigFault } from './training-config-error.ts';
import type { TrainingFields } from './training-fields.ts';
import { isTrainingType, TRAINING_TYPES, type TrainingType } from './types.ts';

/** The folder that a configuration is for. */
export interface TrainedFolder {
  readonly model: ModelConfig;
  /** How it has its weights in codes; absent where they cannot be read. */
  readonly codes?: StoredCodes | undefined;
}

/** Whether codes are what a field asks for. */
type Agrees = (codes: CodedScheme) => boolean;

const FOUR_BITS: readonly string[] = ['nf4', 'fp4'];
const isFourBits: Agrees = (codes) => 'method' in codes && FOUR_BITS.includes(codes.method);

/** Over codes of other methods a threshold does nothing, as in bitsandbytes. */
const hasThreshold =
  (value: unknown): Agrees =>
  (codes) =>
    !('method' in codes) ||
    codes.method !== 'llm_int8' ||
    (codes.threshold ?? USUAL_THRESHOLD) === value;

/** No folder in codes of HQQ is read. */
const isHqq: Agrees = () => false;

/** The fields of each library that say how codes are, and whether a weight agrees with the value. */
const FIELDS: Readonly<
  Record<NonNullable<TrainingType['base']>, Readonly<Record<string, (value: unknown) => Agrees>>>
> = {
  bitsandbytes: {
    load_in_4bit: () => isFourBits,
    bnb_4bit_quant_type: (value) => (codes) => 'method' in codes && codes.method === value,
    bnb_4bit_use_double_quant: (value) => (codes) =>
      isFourBits(codes) && 'method' in codes && (codes.quantScale ?? false) === value,
    llm_int8_threshold: hasThreshold,
  },
  hqq: { nbits: () => isHqq, group_size: () => isHqq, axis: () => isHqq },
};

const SKIPPED = { bitsandbytes: 'llm_int8_skip_modules', hqq: 'skip_modules' } as const;

/** What of a configuration does not go with the folder. */
export const folderFaults = (
  all: Combination,
  folder: TrainedFolder,
): readonly TrainingConfigFault[] => [
  ...packingFaults(all.fields, folder.model),
  ...quantizationFaults(all, folder),
];

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

/** What of `quantization` the folder contradicts, or names in it what it has not. */
function quantizationFaults(
  { given, fields, quantization }: Combination,
  { model, codes = new Map() }: TrainedFolder,
): readonly TrainingConfigFault[] {
  const { type = fields.type } = given;
  if (!isTrainingType(type) || !quantization) return [];
  const what: TrainingType = TRAINING_TYPES[type];
  if (!what.base) return [];
  const linears = blockLinears(model);
  const coded = [...codes]
    .map(([name, scheme]) => [layerOf(name), scheme] as const)
    .filter(([module]) => linears.has(module));
  const faults: TrainingConfigFault[] = [];
  for (const [field, agreeing] of Object.entries(FIELDS[what.base])) {
    const value = quantization[field as keyof typeof quantization];
    // Floats are asked for by another type, which is told elsewhere.
    if (value === undefined || (field === 'load_in_4bit' && value === false)) continue;
    const agrees = agreeing(value);
    const other = coded.find(([, scheme]) => !agrees(scheme));
    if (other) faults.push(contradicted(field, `is ${JSON.stringify(value)}`, other));
  }
  const field = SKIPPED[what.base];
  // Copies are at most as many as the blocks.
  const named = moduleNames(what.expands ? { ...model, layers: 2 * model.layers } : model);
  for (const entry of quantization[field] ?? []) {
    const isSkipped = skipRule(entry);
    const other = coded.find(([module]) => isSkipped(module));
    if (other) faults.push(contradicted(field, `has ${quote(entry)}`, other));
    else if (!named.some(isSkipped)) faults.push(unmet(field, entry, [...linears.keys()]));
  }
  return faults;
}

function contradicted(
  field: string,
  says: string,
  [module, scheme]: readonly [string, CodedScheme],
): TrainingConfigFault {
  const path = `quantization.${field}`;
  return {
    code: 'codes-of-the-folder',
    path,
    message: `${path} ${says}, and the folder has ${module} in ${told(scheme)}`,
    suggestion: 'leave it out, as such a folder stays as it is, or give the model in floats',
  };
}

function unmet(field: string, entry: string, linears: readonly string[]): TrainingConfigFault {
  const path = `quantization.${field}`;
  const ends = linears.slice(0, 2).map((name) => name.slice(name.lastIndexOf('.') + 1));
  return {
    code: 'skips-no-module',
    path,
    message: `${path} has ${quote(entry)}, which meets no module`,
    suggestion: `give starts or ends of names such as lm_head, ${ends.join(', ')} or ${linears[0]}`,
  };
}

const told = (scheme: CodedScheme): string =>
  'blocks' in scheme
    ? scheme.blocks
    : `${scheme.method} of ${scheme.bits} bits${scheme.quantScale ? ', its scales in 8' : ''}${scheme.threshold === undefined ? '' : `, with a threshold of ${scheme.threshold}`}`;

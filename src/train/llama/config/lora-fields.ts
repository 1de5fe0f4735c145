import * as v from 'valibot';
import { quote } from '../../../formats/format-error.ts';
import { flag, oneOf, shown, whole, within } from '../../../formats/hugging-face/fields.ts';
import { isJsonObject } from '../../../formats/strict-json.ts';
import { isNamePattern, type PatternField } from '../../../models/llama/lora/name-patterns.ts';
import { type CheckedObject, checkedObject } from './checked-object.ts';
import { type TrainingConfigFault, unsupported } from './training-config-error.ts';

/** Above what adapters have, and below what a kernel takes. */
const MOST_RANK = 4096;
const MOST_ALPHA = 1e6;
const LONGEST_NAME = 400;

const isName = (x: unknown): x is string => typeof x === 'string' && x.length <= LONGEST_NAME;
const areNames = (x: unknown): x is readonly string[] =>
  Array.isArray(x) && x.length <= 4096 && x.every(isName);

/** A value that `test` takes, with what of it are expressions; `needed` says what it should be. */
function withPatterns<T>(
  field: PatternField,
  test: (x: unknown) => boolean,
  patternsOf: (x: T) => readonly string[],
  needed: string,
) {
  const wrongIn = (x: unknown) =>
    patternsOf(x as T).find((pattern) => !isNamePattern(pattern, field));
  return v.custom<T>(
    (x) => test(x) && wrongIn(x) === undefined,
    ({ input }) => {
      const wrong = test(input) ? wrongIn(input) : undefined;
      return wrong === undefined
        ? needed
        : `${quote(wrong)} is no expression as JavaScript has it: give one that is, or leave it out`;
    },
  );
}

/** Names or their ends, or one expression. */
const targets = (field: PatternField) =>
  withPatterns<readonly string[] | string>(
    field,
    (x) => isName(x) || areNames(x),
    (x) => (typeof x === 'string' ? [x] : []),
    'it must be a list of names, or one expression',
  );
const beforeNumber = withPatterns<readonly string[] | string>(
  'layers_pattern',
  (x) => isName(x) || areNames(x),
  (x) => [x].flat(),
  'it must be a list of names, or one expression',
);
const savedModules = withPatterns<readonly string[]>(
  'modules_to_save',
  (x) => areNames(x) && !x.includes(''),
  (x) => x,
  'it must be a list of names',
);
const layers = v.custom<readonly number[] | number>(
  (x) => [x].flat().every((each) => Number.isInteger(each) && (each as number) >= 0),
  'it must be the number of a block, from 0 on, or a list of some',
);
const byPattern = (field: PatternField, test: (x: unknown) => boolean, needed: string) =>
  withPatterns<Readonly<Record<string, number>>>(
    field,
    (x) => isJsonObject(x) && Object.values(x).every(test),
    (x) => Object.keys(x),
    `it must be an object from expressions to ${needed}`,
  );
const isWithin = (x: unknown, least: number, most: number) =>
  typeof x === 'number' && x >= least && x <= most;

/** The fields of PEFT's LoraConfig that are applied, with PEFT's defaults. */
const FIELDS = v.looseObject({
  r: v.optional(whole(MOST_RANK), 8),
  lora_alpha: v.optional(within(1e-6, MOST_ALPHA), 8),
  lora_dropout: v.optional(within(0, 0.999), 0),
  target_modules: v.optional(targets('target_modules')),
  exclude_modules: v.optional(targets('exclude_modules')),
  layers_to_transform: v.optional(layers),
  layers_pattern: v.optional(beforeNumber),
  rank_pattern: v.optional(
    byPattern(
      'rank_pattern',
      (x) => Number.isInteger(x) && isWithin(x, 1, MOST_RANK),
      'whole ranks from 1 on',
    ),
  ),
  alpha_pattern: v.optional(
    byPattern('alpha_pattern', (x) => isWithin(x, 1e-6, MOST_ALPHA), 'numbers above 0'),
  ),
  use_rslora: v.optional(flag, false),
  use_dora: v.optional(flag),
  bias: v.optional(oneOf(['none', 'all', 'lora_only']), 'none'),
  lora_bias: v.optional(flag, false),
  modules_to_save: v.optional(savedModules, () => []),
  // What says nothing of the computation.
  peft_type: v.optional(oneOf(['LORA'])),
  task_type: v.optional(oneOf(['CAUSAL_LM'])),
});

/** What is chosen of adapters. */
export type LoraFields = v.InferOutput<typeof FIELDS>;

/** Values of PEFT's other fields with which they do nothing; with another they are refused. */
export const NEUTRAL_OF_LORA: Readonly<Record<string, readonly unknown[]>> = {
  fan_in_fan_out: [false],
  init_lora_weights: [true],
  megatron_config: [null],
  megatron_core: ['megatron.core', null],
  trainable_token_indices: [null],
  loftq_config: [{}, null],
  eva_config: [null],
  corda_config: [null],
  lora_ga_config: [null],
  velora_config: [null],
  alora_invocation_tokens: [null],
  use_qalora: [false],
  monteclora_config: [null],
  layer_replication: [null],
  target_parameters: [null],
  use_bdlora: [null],
  arrow_config: [null],
  kasa_config: [null],
  ensure_weight_tying: [false],
};
/** Fields that an adapter's file has beside, whatever they say. */
const OF_FILES = [
  'auto_mapping',
  'base_model_name_or_path',
  'inference_mode',
  'peft_version',
  'qalora_group_size',
  'revision',
  'runtime_config',
];

/** The fields of a LoraConfig, from a file of settings. */
export function loraFields(value: unknown, at = 'lora.'): CheckedObject<LoraFields> {
  return checkedObject(FIELDS, value, at, (name, given) => refusalOf(name, given, at));
}

/** Ways to draw the first matrices that leave the base as it is. */
const STARTS_BESIDE_BASE: readonly unknown[] = [true, false, 'gaussian', 'orthogonal'];

/**
 * The same of adapter_config.json, beside which the matrices are saved: how they were drawn does not
 * matter, unless it changed the base.
 */
export function savedLoraFields(value: unknown, at: string): CheckedObject<LoraFields> {
  return checkedObject(FIELDS, value, at, (name, given) =>
    name === 'init_lora_weights' ? refusalOfStart(given, at + name) : refusalOf(name, given, at),
  );
}

function refusalOfStart(given: unknown, path: string): TrainingConfigFault | 'neutral' {
  if (STARTS_BESIDE_BASE.includes(given)) return 'neutral';
  return {
    code: unsupported(path),
    path,
    message: `${path} is ${shown(given)}, which changes the base, or what of the adapter is trained`,
    suggestion:
      "save the adapter with PEFT's path_initial_model_for_weight_conversion, as one of the base as it was",
  };
}

function refusalOf(
  name: string,
  given: unknown,
  at: string,
): TrainingConfigFault | 'neutral' | undefined {
  if (OF_FILES.includes(name)) return 'neutral';
  if (!Object.hasOwn(NEUTRAL_OF_LORA, name)) return undefined;
  const values = NEUTRAL_OF_LORA[name] as readonly unknown[];
  const text = JSON.stringify(given);
  if (values.some((each) => JSON.stringify(each) === text)) return 'neutral';
  return {
    code: unsupported(at + name),
    path: at + name,
    message: `${at}${name} is ${shown(given)}, which is not done here`,
    suggestion: `leave it out, or give ${JSON.stringify(values[0])}`,
  };
}

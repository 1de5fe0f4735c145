import { type JsonObject, parseJsonObject } from '../../../formats/strict-json.ts';
import type { TextFormat } from '../../../formats/text-data.ts';
import type { ExpandedLayers } from '../../../models/llama/block-expansion.ts';
import type { RetrainedRules } from '../../../models/llama/lora/retrained.ts';
import type { TargetRules } from '../../../models/llama/lora/targets.ts';
import type { LayerOptions } from '../../../quantizer/policy.ts';
import { adamDefaults } from '../../../vocabulary/optim/adam.ts';
import type { Schedule } from '../../../vocabulary/optim/lr_schedule.ts';
import type { OptimizerParams } from '../../update-rule.ts';
import type { RecoverySettings } from '../recovery/recovery-settings.ts';
import { forbiddenPairs } from './forbidden-pairs.ts';
import { FSDP_QLORA_TARGETS } from './fsdp-qlora-targets.ts';
import { type LoraFields, loraFields } from './lora-fields.ts';
import { hasMoments, isPaged, OPTIMIZER_NAMES } from './optimizer-names.ts';
import type { Combination, IsWrong } from './pair.ts';
import { type QuantizationFields, quantizationFields } from './quantization-fields.ts';
import { type RecoveryFields, recoveryFields, recoveryOf } from './recovery-fields.ts';
import { type ScheduleFields, scheduleFields } from './schedule-fields.ts';
import { SCHEDULE_NAMES } from './schedule-names.ts';
import { TrainingConfigError, type TrainingConfigFault } from './training-config-error.ts';
import { type TrainingFields, trainingFields } from './training-fields.ts';
import { TRAINING_TYPES, type TrainingType, type TrainingTypeName } from './types.ts';

/** How the linears of blocks are adapted. */
export interface AdapterSettings {
  readonly rules: TargetRules;
  /** What is trained itself beside them. */
  readonly retrained: RetrainedRules;
  readonly dropout: number;
  readonly use_rslora: boolean;
  readonly use_dora: boolean;
  /** Whether the update is computed by products of its own. */
  readonly apart: boolean;
  /** Whether lora_B has a bias. */
  readonly lora_bias: boolean;
}

/** How the base is quantized. */
export interface BaseSettings {
  readonly options: LayerOptions;
  /** What names modules that stay in floats, as `skipRule` reads it; the head always does. */
  readonly skip: readonly string[];
}

/** All that a fine-tuning of a Llama can be told. */
export interface LlamaTrainingConfig {
  readonly type: TrainingTypeName;
  /** The file with the texts, where the configuration names it. */
  readonly data?: string | undefined;
  /** How the data are written; by default it is found out. */
  readonly dataFormat?: TextFormat | undefined;
  /** Absent where weights are trained: all of them, or those of added blocks. */
  readonly adapter?: AdapterSettings | undefined;
  /** Blocks that are added, as a share of the model's; absent where none is. */
  readonly expansionRate?: number | undefined;
  /** What comes before it: blocks that a saved file or the folder has already. */
  readonly expanded?: ExpandedLayers | undefined;
  /** Absent where the base stays in floats. */
  readonly base?: BaseSettings | undefined;
  readonly optimizer: OptimizerParams;
  readonly schedule: Omit<Schedule, 'warmup' | 'total'>;
  /** Steps over which the rate rises, or their share of all. */
  readonly warmup: { readonly steps: number } | { readonly share: number };
  /** The largest norm of all gradients together; 0 leaves them. */
  readonly maxGradNorm: number;
  readonly batchSize: number;
  readonly accumulation: number;
  /** Optimizer steps, before `epochs`. */
  readonly steps?: number | undefined;
  readonly epochs: number;
  /** The most tokens of an example. */
  readonly length: number;
  /** Whether rows of `length` tokens hold several texts, which do not see each other. */
  readonly packing: boolean;
  readonly precision: 'fp32' | 'fp16' | 'bf16';
  readonly checkpointing: boolean;
  /**
   * What lies on the host but while it is used: what the optimizer keeps, or all values of the model
   * too. Absent where nothing does.
   */
  readonly offload?: 'optimizer' | 'all' | undefined;
  readonly seed: number;
  /** Steps between two held-out losses. */
  readonly evalSteps: number;
  /** Share of the examples, the last ones, that training does not see. */
  readonly heldoutFraction: number;
  /** Steps between two that are judged, after the first; 0 judges none. */
  readonly judgeSteps: number;
  /** What it does after a fault. */
  readonly recovery: RecoverySettings;
}

/** The configuration in the text of a file; FormatError where that is no JSON object. */
export function readTrainingConfig(text: string): LlamaTrainingConfig {
  return trainingConfigOf(parseJsonObject(text, 'the file'));
}

/** What else is wrong with what of a configuration is in range. */
export type Holding = (all: Combination, isWrong: IsWrong) => readonly TrainingConfigFault[];

/**
 * The configuration of a parsed object: names of TrainingArguments at its top, of LoraConfig in
 * `lora`, of BitsAndBytesConfig or HqqConfig in `quantization`, of a schedule in
 * `lr_scheduler_kwargs`, and those of {@link RecoverySettings} in `recovery`; what is left out has the
 * library's default, but for a rate of 2e-4, texts of 512 tokens, and NF4, where BitsAndBytesConfig
 * has FP4. Throws {@link TrainingConfigError} with every fault, those that `hold` finds too.
 */
export function trainingConfigOf(given: JsonObject, hold?: Holding): LlamaTrainingConfig {
  const top = trainingFields(given);
  const lora = given['lora'] == null ? undefined : loraFields(given['lora']);
  const quantization =
    given['quantization'] == null ? undefined : quantizationFields(given['quantization']);
  const kwargs =
    given['lr_scheduler_kwargs'] == null ? undefined : scheduleFields(given['lr_scheduler_kwargs']);
  const recovery = recoveryFields(given['recovery'] ?? {});
  const faults = [top, lora, quantization, kwargs, recovery].flatMap((part) => part?.faults ?? []);
  const { fields } = top;
  if (fields) {
    const wrong = new Set(faults.map(({ path }) => path));
    const isWrong = (path: string) => wrong.has(path) || wrong.has(path.split('.', 1).join());
    const parts = { lora: lora?.fields, quantization: quantization?.fields };
    const all = { fields, ...parts, kwargs: kwargs?.fields, given };
    faults.push(...forbiddenPairs(all), ...(hold?.(all, isWrong) ?? []));
  }
  if (faults.length > 0 || !fields) throw new TrainingConfigError(faults);
  return {
    ...settled(fields, loraOf(fields, lora?.fields), quantization?.fields, kwargs?.fields),
    recovery: recoveryOf(recovery.fields as RecoveryFields),
  };
}

/** fsdp_qlora's. */
export const USUAL_EXPANSION = 0.1;

/** What is given of adapters; `lora_target_modules` is fsdp_qlora's name for a list of targets. */
export function loraOf(
  { lora_target_modules: named }: TrainingFields,
  lora = loraFields({}).fields as LoraFields,
): LoraFields {
  return named === undefined ? lora : { ...lora, target_modules: FSDP_QLORA_TARGETS[named] };
}

function settled(
  fields: TrainingFields,
  lora: LoraFields,
  quantization: QuantizationFields | undefined,
  kwargs: ScheduleFields = {},
): Omit<LlamaTrainingConfig, 'recovery'> {
  const what: TrainingType = TRAINING_TYPES[fields.type];
  const { num_cycles, warmup_steps = 0, warmup_ratio = 0, max_steps } = fields;
  return {
    type: fields.type,
    data: fields.data,
    dataFormat: fields.dataset_format,
    adapter: what.adapter && adapterOf(lora, what.adapter),
    expansionRate: what.expands ? (fields.expansion_rate ?? USUAL_EXPANSION) : undefined,
    base: what.base && baseOf(what.base, quantization),
    optimizer: optimizerOf(fields),
    schedule: {
      name: SCHEDULE_NAMES[fields.lr_scheduler_type] as Schedule['name'],
      ...(kwargs as Omit<Schedule, 'name' | 'warmup' | 'total'>),
      ...(num_cycles === undefined ? {} : { num_cycles }),
    },
    // As transformers has it, a share may be given as steps too, below 1.
    warmup: warmup_steps >= 1 ? { steps: warmup_steps } : { share: warmup_steps || warmup_ratio },
    maxGradNorm: fields.max_grad_norm,
    batchSize: fields.per_device_train_batch_size,
    accumulation: fields.gradient_accumulation_steps,
    steps: max_steps === -1 ? undefined : max_steps,
    epochs: fields.num_train_epochs,
    length: fields.max_length,
    packing: fields.packing,
    precision: fields.fp16 ? 'fp16' : fields.bf16 ? 'bf16' : 'fp32',
    checkpointing: fields.gradient_checkpointing,
    offload: fields.use_cpu_offload ? 'all' : isPaged(fields.optim) ? 'optimizer' : undefined,
    seed: fields.seed,
    evalSteps: fields.eval_steps,
    heldoutFraction: fields.heldout_fraction,
    judgeSteps: fields.judge_steps,
  };
}

/** How a type adapts linears by these fields. */
export function adapterOf(
  lora: LoraFields,
  how: NonNullable<TrainingType['adapter']>,
): AdapterSettings {
  const { lora_dropout, use_rslora, use_dora = how === 'dora' } = lora;
  const { bias, lora_bias, modules_to_save } = lora;
  return {
    rules: lora,
    retrained: { bias, modules_to_save },
    dropout: lora_dropout,
    use_rslora,
    use_dora,
    apart: how === 'apart' || (lora_dropout > 0 && !use_dora),
    lora_bias,
  };
}

/** How the base is quantized by these fields. */
export function baseOf(
  library: NonNullable<TrainingType['base']>,
  {
    bnb_4bit_quant_type = 'nf4',
    bnb_4bit_use_double_quant = false,
    llm_int8_skip_modules = [],
    nbits = 4,
    group_size = 64,
    axis = 1,
    skip_modules = [],
  }: Partial<QuantizationFields> = {},
): BaseSettings {
  return library === 'bitsandbytes'
    ? {
        options: {
          method: bnb_4bit_quant_type,
          ...(bnb_4bit_use_double_quant ? { quantScale: true } : {}),
        },
        skip: llm_int8_skip_modules,
      }
    : {
        options: { method: 'hqq', bits: nbits, groupSize: group_size, axis },
        skip: skip_modules,
      };
}

function optimizerOf(fields: TrainingFields): OptimizerParams {
  const optimizer = OPTIMIZER_NAMES[fields.optim] ?? 'adamw';
  const { learning_rate: lr, weight_decay, momentum, dampening, nesterov } = fields;
  if (optimizer === 'sgd')
    return {
      ...{ optimizer, lr, weight_decay },
      ...(momentum === undefined ? {} : { momentum }),
      ...(dampening === undefined ? {} : { dampening }),
      ...(nesterov === undefined ? {} : { nesterov }),
    };
  if (!hasMoments(optimizer)) return { optimizer, lr, weight_decay } as OptimizerParams;
  const usual = adamDefaults('adamw');
  const { adam_beta1 = usual.betas[0], adam_beta2 = usual.betas[1] } = fields;
  const { adam_epsilon: eps = usual.eps } = fields;
  return { optimizer, lr, weight_decay, betas: [adam_beta1, adam_beta2], eps } as OptimizerParams;
}

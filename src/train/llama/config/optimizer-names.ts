import type { OptimizerParams } from '../../update-rule.ts';

type Optimizer = Extract<
  OptimizerParams['optimizer'],
  'adamw' | 'adam' | 'sgd' | 'adadelta' | 'adamw8bit'
>;

/**
 * The optimizers by the names of TrainingArguments and fsdp_qlora. Paged ones compute the same; what
 * they keep lies on the host.
 */
export const OPTIMIZER_NAMES: Readonly<Record<string, Optimizer>> = {
  adamw_torch: 'adamw',
  adamw_torch_fused: 'adamw',
  adamw: 'adamw',
  paged_adamw: 'adamw',
  paged_adamw_32bit: 'adamw',
  adam: 'adam',
  sgd: 'sgd',
  adadelta: 'adadelta',
  adamw_bnb_8bit: 'adamw8bit',
  adamw_8bit: 'adamw8bit',
  paged_adamw_8bit: 'adamw8bit',
};

/** Whether what it keeps lies on the host: bitsandbytes moves it there where memory is short. */
export const isPaged = (name: string): boolean => name.startsWith('paged_');

/** Other names that TrainingArguments knows. */
export const LATER_OPTIMIZERS: readonly string[] = [
  ...['adafactor', 'adagrad', 'adamw_anyprecision', 'adamw_torch_4bit', 'adamw_torch_8bit'],
  ...['adamw_torch_xla', 'adamw_torch_npu_fused', 'ademamix', 'ademamix_8bit', 'lion_8bit'],
  ...['lion_32bit', 'paged_ademamix_32bit', 'paged_ademamix_8bit', 'paged_lion_32bit'],
  ...['paged_lion_8bit', 'rmsprop', 'rmsprop_bnb', 'rmsprop_bnb_8bit', 'rmsprop_bnb_32bit'],
  ...['galore_adamw', 'galore_adamw_8bit', 'galore_adafactor', 'galore_adamw_layerwise'],
  ...['galore_adamw_8bit_layerwise', 'galore_adafactor_layerwise', 'lomo', 'adalomo'],
  ...['grokadamw', 'schedule_free_radam', 'schedule_free_adamw', 'schedule_free_sgd'],
  ...['apollo_adamw', 'apollo_adamw_layerwise', 'stable_adamw'],
];

/** Whether its steps take moments, with their betas and eps. */
export const hasMoments = (optimizer: Optimizer): boolean =>
  optimizer !== 'sgd' && optimizer !== 'adadelta';

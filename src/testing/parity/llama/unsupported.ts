import { ConfigError } from '../../../formats/hugging-face/config-error.ts';
import type { TrainLlamaParams } from '../../../formats/parity-bundle/train-llama.ts';
import { AdapterError } from '../../../models/llama/lora/adapter-error.ts';
import { wrongHyperparameters } from '../../../vocabulary/optim/hyperparameters.ts';
import { lacking, SCHEDULE_PARAMS } from '../../../vocabulary/optim/lr_schedule.ts';
import { arithmeticOf } from './arithmetic.ts';
import { retrainedIn } from './retrained.ts';
import { modelOf } from './weights.ts';

/** What a run may be told; a parameter beyond these could mean another computation. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  params: [
    'mode',
    'config',
    'steps',
    'r',
    'alpha',
    'rank_pattern',
    'alpha_pattern',
    'use_rslora',
    'use_dora',
    'lora_dropout',
    'layers_to_transform',
    'layers_pattern',
    'bias',
    'modules_to_save',
    'targets',
    'quant',
    'compute_dtype',
    'schedule',
    'grad_accum',
    'accum_mean',
    'state_steps',
    'gradient_checkpointing',
    'grad_scaler',
    'autocast_dtype',
    'clip',
    'optimizer',
    'lr',
    'betas',
    'eps',
    'weight_decay',
    'decay_parameters',
    'momentum',
    'dampening',
    'nesterov',
    'blocksize',
    'min_8bit_size',
    'state_rounding',
    'decay_after_step',
    'bias_correction',
    'amsgrad',
    'rho',
    'momentum_decay',
    'decoupled_weight_decay',
    'centered',
  ],
  config: [
    'vocab',
    'hidden',
    'intermediate',
    'layers',
    'heads',
    'kv_heads',
    'rms_eps',
    'rope_theta',
    'tie_word_embeddings',
    ...['model_type', 'head_dim', 'attention_bias', 'mlp_bias', 'max_position_embeddings'],
    ...['rope_scaling', 'sliding_window', 'use_sliding_window', 'max_window_layers'],
    'layer_types',
  ],
  quant: [
    ...['quant_type', 'blocksize', 'compress_statistics', 'nested_blocksize', 'nested_rounding'],
    ...['nbits', 'group_size', 'axis', 'optimize', 'round_zero', 'view_as_float', 'channel_wise'],
    ...['quant_zero', 'quant_scale'],
  ],
  // A bundle may tell the cosine's cycles of any schedule: the others have none that they change.
  schedule: ['name', 'warmup', 'total', 'num_cycles'],
};

const OPTIMIZERS = [
  ...['adamw', 'adam', 'sgd', 'adamw8bit', 'adadelta', 'rmsprop', 'nadam', 'radam'],
];
/** Those whose step the device can leave out, as loss scaling has it. */
const SCALED = ['adamw', 'adam', 'sgd', 'adamw8bit'];
/** Those whose moments may be taken as they are, without the correction of the first steps. */
const ADAM = ['adamw', 'adam', 'adamw8bit'];
const DTYPES = ['float32', 'float16', 'bfloat16'];
/** How micro-batches make the loss of a step. */
const MEANS = ['token', 'batch'];

/** What of a run's parameters this version does not compute, in words; undefined when it computes all. */
export function unsupportedRun(params: TrainLlamaParams): string | undefined {
  const { mode, optimizer, compute_dtype, autocast_dtype = compute_dtype, accum_mean } = params;
  const { lora_dropout } = params;
  if (!arithmeticOf(mode)) return `the mode ${shown(mode)}`;
  if (!OPTIMIZERS.includes(optimizer)) return `the optimizer ${optimizer}`;
  const other = wrongOption(params);
  if (other !== undefined) return other;
  if (!DTYPES.includes(compute_dtype)) return `products in ${shown(compute_dtype)}`;
  if (compute_dtype !== 'float32' && autocast_dtype !== compute_dtype)
    return `products in ${compute_dtype} and in ${autocast_dtype}`;
  if (!MEANS.includes(accum_mean)) return `the mean ${shown(accum_mean)} of micro-batches`;
  if (lora_dropout) return `lora_dropout ${lora_dropout}, whose draws are in no recording`;
  return unsaid(params) ?? unknown(params) ?? otherModel(params);
}

/** An option that the optimizer of the run has not. */
function wrongOption(params: TrainLlamaParams): string | undefined {
  const { optimizer, grad_scaler, bias_correction, amsgrad, rho } = params;
  const { momentum_decay, decoupled_weight_decay, centered } = params;
  if (grad_scaler && (amsgrad || !SCALED.includes(optimizer)))
    return `loss scaling with ${amsgrad ? 'amsgrad' : optimizer}`;
  if (bias_correction === false && !ADAM.includes(optimizer))
    return `${optimizer} without bias correction`;
  const options = { amsgrad, rho, momentum_decay, decoupled_weight_decay, centered };
  const other = Object.entries(options).find(([name, value]) =>
    wrongHyperparameters({ optimizer, [name]: value }),
  );
  return other && `the option ${other[0]} of ${optimizer}`;
}

/** What a run has to say, and does not. */
function unsaid({ mode, schedule, quant, r, alpha }: TrainLlamaParams): string | undefined {
  const missing = lacking(schedule);
  if (missing !== undefined)
    return `a ${schedule.name} schedule without ${missing === 'total' ? 'a total' : missing}`;
  const { base } = arithmeticOf(mode) ?? {};
  if (base !== 'trained' && (r === undefined || alpha === undefined))
    return `the mode ${mode} without r and alpha`;
  if (base === '4bit' && !(quant?.quant_type && quant.blocksize))
    return `the mode ${mode} without quant`;
  if (quant?.['quant_zero'] || quant?.['quant_scale']) return 'scales or zeros of HQQ in 8 bits';
  return undefined;
}

/** What of the model is not known, or trained beside adapters and no tensor. */
function otherModel({ config, ...params }: TrainLlamaParams): string | undefined {
  try {
    retrainedIn(modelOf(config), params, new Set());
    return undefined;
  } catch (error) {
    if (error instanceof ConfigError) return `this model: ${error.message}`;
    if (error instanceof AdapterError) return `this run: ${error.message}`;
    // What is wrong is told where the run is read.
    return undefined;
  }
}

/** The first parameter that is not known. */
function unknown(params: TrainLlamaParams): string | undefined {
  const { config, quant = {}, schedule } = params;
  for (const [group, values] of Object.entries({ params, config, quant, schedule })) {
    const own: readonly string[] = group === 'schedule' ? SCHEDULE_PARAMS[schedule.name] : [];
    const other = Object.keys(values).find(
      (name) => ![...(KNOWN[group] ?? []), ...own].includes(name),
    );
    if (other !== undefined) return `the parameter ${shown(other)}`;
  }
  return undefined;
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 40));
}

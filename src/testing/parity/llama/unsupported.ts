import type { TrainLlamaParams } from '../../../formats/parity-bundle/train-llama.ts';

/** What a run may be told; a parameter beyond these could mean another computation. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  params: [
    'mode',
    'config',
    'steps',
    'r',
    'alpha',
    'use_rslora',
    'use_dora',
    'targets',
    'quant',
    'compute_dtype',
    'schedule',
    'grad_accum',
    'gradient_checkpointing',
    'grad_scaler',
    'autocast_dtype',
    'clip',
    'optimizer',
    'lr',
    'betas',
    'eps',
    'weight_decay',
    'momentum',
    'dampening',
    'nesterov',
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
  ],
  quant: ['quant_type', 'blocksize', 'compress_statistics'],
  schedule: ['name', 'warmup', 'total', 'num_cycles'],
};

/**
 * What of a run's parameters or recorded outputs this version does not compute, in words; undefined
 * when it computes all.
 */
export function unsupportedRun(
  params: TrainLlamaParams,
  outputs: readonly string[] = [],
): string | undefined {
  const { mode, optimizer, compute_dtype, clip, schedule, config, quant, r, alpha } = params;
  if (!['full', 'lora', 'qlora'].includes(mode)) return `the mode ${shown(mode)}`;
  if (!['adamw', 'adam', 'sgd'].includes(optimizer)) return `the optimizer ${optimizer}`;
  if (compute_dtype !== 'float32') return `products in ${shown(compute_dtype)}`;
  if (clip === undefined && outputs.includes('grad_norms'))
    return 'gradient norms of a run without clip';
  if (schedule.name !== 'constant' && schedule.total === undefined)
    return `a ${schedule.name} schedule without a total`;
  if (mode !== 'full' && (r === undefined || alpha === undefined))
    return `the mode ${mode} without r and alpha`;
  if (mode === 'qlora' && !quant) return 'the mode qlora without quant';
  for (const [group, values] of Object.entries({ params, config, quant: quant ?? {}, schedule })) {
    const unknown = Object.keys(values).find((name) => !KNOWN[group]?.includes(name));
    if (unknown !== undefined) return `the parameter ${shown(unknown)}`;
  }
  return undefined;
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 40));
}

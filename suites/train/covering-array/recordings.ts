import { BLOCKSIZE, FORMAT } from '../whole-step/four-bit.ts';
import { ADAPTED, adapterOf, INTERMEDIATE, VOCAB } from '../whole-step/llama-settings.ts';
import { STEPS } from '../whole-step/setting.ts';
import type { Row } from './options.ts';
import { recipeOf } from './recipes.ts';
import { variantOf } from './row-setting.ts';

/** What the bridge records of a row: the params of a `train_llama` bundle, and sizes of weights. */
export interface RowRecording {
  readonly name: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** Factors of the embeddings and of the weight of the last norm. */
  readonly embeddings: number;
  readonly last_norm: number;
}

/**
 * A row as torch, transformers and PEFT can train it, by their names: without dropout and with a
 * whole last batch. They have no path but the eager one.
 */
export function recordingOf(row: Row, n: number): RowRecording {
  const { accumulation, autocast, checkpointing, head, trained } = row;
  const { optimizer, schedule, clip, scaler } = recipeOf(row);
  const { bias_correction: _, ...hyperparameters } = optimizer;
  const { hidden, layers, heads, kv_heads, rms_eps, rope_theta } = variantOf(row).config;
  const { embeddings = 1, lastNorm = 1 } = variantOf(row);
  const params = {
    mode: trained === 'dora' ? 'lora' : trained,
    config: {
      vocab: VOCAB,
      hidden,
      intermediate: INTERMEDIATE,
      layers,
      heads,
      kv_heads,
      rms_eps,
      rope_theta,
      tie_word_embeddings: head === 'tied',
    },
    ...(trained === 'full' ? {} : { ...adapterOf(variantOf(row)), targets: TARGETS }),
    ...(trained === 'qlora' ? { quant: QUANT } : {}),
    ...hyperparameters,
    schedule,
    ...(Number.isFinite(clip) ? { clip } : {}),
    ...(scaler ? { grad_scaler: scaler } : {}),
    ...(autocast === 'off' ? {} : { autocast_dtype: autocast }),
    gradient_checkpointing: checkpointing === 'on',
    grad_accum: accumulation,
    compute_dtype: 'float32',
    steps: STEPS,
  };
  return { name: `llama_row_${n}`, params, embeddings, last_norm: lastNorm };
}

const TARGETS = Object.keys(ADAPTED).map((name) => name.split('.').at(-2));
const QUANT = { quant_type: FORMAT, blocksize: BLOCKSIZE, compress_statistics: true };

import type { LabelledTokens } from '../../../src/data/labelled-tokens.ts';
import { grammarTexts } from '../../../src/data/sequences.ts';
import type { Llama } from '../../../src/models/llama/llama.ts';
import type { CaseContext } from '../../../src/testing/context.ts';
import {
  type LlamaTrainingConfig,
  trainingConfigOf,
} from '../../../src/train/llama/config/read-training-config.ts';
import { TRAINING_TYPES, type TrainingTypeName } from '../../../src/train/llama/config/types.ts';
import { fineTuneLlama } from '../../../src/train/llama/fine-tune-llama.ts';
import type { LlamaTuned } from '../../../src/train/llama/llama-training.ts';
import { openModel } from '../../../src/train/llama/open-model.ts';
import type { LlamaProgress } from '../../../src/train/llama/progress.ts';
import type { TinyLlama } from './tiny-llama.ts';

/** Tokens of a text, and texts of a step. */
export const LENGTH = 9;
export const BATCH = 2;
const TEXTS = 64;

/** The adapters of the catalog: of a TinyLlama they are 122,880 numbers. */
const LORA = {
  ...{ r: 8, lora_alpha: 16 },
  target_modules: ['k_proj', 'q_proj', 'v_proj', 'up_proj', 'gate_proj', 'down_proj'],
};

/** The configuration of a run, as a file has it; `fields` come last. */
export function settingsOf(type: TrainingTypeName, fields: object = {}): LlamaTrainingConfig {
  const { adapter = undefined } = TRAINING_TYPES[type] as { adapter?: string };
  return trainingConfigOf({
    ...{ type, max_length: LENGTH, per_device_train_batch_size: BATCH, seed: 5 },
    ...{ lr_scheduler_type: 'constant', heldout_fraction: 0, judge_steps: 0 },
    ...(adapter ? { lora: LORA } : {}),
    ...fields,
  });
}

/** Texts of a language in which one bit a token is left to guess; all of them ask. */
export function textsOf(
  t: CaseContext,
  { config: { vocabulary } }: TinyLlama,
  length = TEXTS,
): readonly LabelledTokens[] {
  const texts = grammarTexts({ length, seqLength: LENGTH, vocab: vocabulary, seed: t.seed });
  return Array.from({ length }, (_, i) => {
    const ids = texts.item(i);
    return { ids, asked: ids.map(() => true) };
  });
}

/** The model as a type has it; the caller owns it. */
export const opened = (t: CaseContext, tiny: TinyLlama, settings: LlamaTrainingConfig) =>
  openModel(t.gpu, tiny, settings);

/** What a run told and left. */
export interface TypeRun extends LlamaTuned {
  readonly losses: readonly number[];
  readonly trainable: number;
  /** All that it told. */
  readonly told: readonly LlamaProgress[];
}

/** What is trained on what, and how; who looks on. */
interface Run {
  readonly config: LlamaTrainingConfig;
  readonly texts: readonly LabelledTokens[];
  /** Ends the run where it is true of the losses so far. Default never. */
  readonly until?: (losses: readonly number[]) => boolean;
  /** Is given the model after the last step. */
  readonly finish?: (model: Llama) => Promise<void>;
}

/** Trains a model as a type does. */
export async function typeRun(
  t: CaseContext,
  { folder, config: model }: TinyLlama,
  { config, texts, until = () => false, finish }: Run,
): Promise<TypeRun> {
  const losses: number[] = [];
  const told: LlamaProgress[] = [];
  const run = fineTuneLlama(
    t.gpu,
    { folder, model, texts, config },
    { judge: async () => 0, stopped: () => until(losses), finish },
  );
  let trainable = 0;
  let next = await run.next();
  for (; !next.done; next = await run.next()) {
    told.push(next.value);
    if (next.value.type === 'step') losses.push(next.value.loss);
    if (next.value.type === 'start') trainable = next.value.trainable;
  }
  return { ...next.value, losses, trainable, told };
}

/** Steps that are averaged at both ends of a curve. */
const SMOOTHED = 10;

/** By what share the mean of the last losses is below that of the first; 0 of too few. */
export function fallOf(losses: readonly number[]): number {
  if (losses.length < 2 * SMOOTHED) return 0;
  const mean = (some: readonly number[]) => some.reduce((sum, x) => sum + x, 0) / some.length;
  return 1 - mean(losses.slice(-SMOOTHED)) / mean(losses.slice(0, SMOOTHED));
}

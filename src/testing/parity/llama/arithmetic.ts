import type { TrainLlamaParams } from '../../../formats/parity-bundle/train-llama.ts';

/** bitsandbytes' AdamW, which keeps its moments in 8 bits. */
const IN_8_BITS = 'adamw8bit';

/** What adapters stand on: nothing where all is trained, else how the frozen weights are stored. */
type Base = 'trained' | 'dense' | '4bit' | 'hqq';

/** The arithmetic of a mode: its base, and what its name alone says of the adapters. */
interface Arithmetic {
  readonly base: Base;
  readonly use_dora?: true;
  readonly use_rslora?: true;
}

/** By the names of PEFT and of the FSDP-QLoRA suite. */
const MODES: Readonly<Record<string, Arithmetic>> = {
  full: { base: 'trained' },
  lora: { base: 'dense' },
  custom_lora: { base: 'dense' },
  rslora: { base: 'dense', use_rslora: true },
  rsLoRA: { base: 'dense', use_rslora: true },
  dora: { base: 'dense', use_dora: true },
  qlora: { base: '4bit' },
  custom_qlora: { base: '4bit' },
  bnb_dora: { base: '4bit', use_dora: true },
  hqq_lora: { base: 'hqq' },
  hqq_dora: { base: 'hqq', use_dora: true },
};

/** The arithmetic of a mode; undefined for one that is not computed. */
export function arithmeticOf(mode: string): Arithmetic | undefined {
  return Object.hasOwn(MODES, mode) ? MODES[mode] : undefined;
}

/** The half format of a run's products, by torch's name; undefined where they are in float32. */
export function halvesOf({
  autocast_dtype,
  compute_dtype,
}: Pick<TrainLlamaParams, 'autocast_dtype' | 'compute_dtype'>): 'float16' | 'bfloat16' | undefined {
  if (compute_dtype === 'float16' || compute_dtype === 'bfloat16') return compute_dtype;
  return autocast_dtype;
}

/**
 * Whether right runs part so fast that single steps are judged, each from its recorded state: with
 * moments in 8 bits, or with products in halves.
 */
export function isByStates(params: TrainLlamaParams): boolean {
  return params.optimizer === IN_8_BITS || halvesOf(params) !== undefined;
}

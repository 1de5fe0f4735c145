/** What a training type trains, over which base. */
export interface TrainingType {
  /** How adapters are computed; absent where weights are trained. */
  readonly adapter?: 'together' | 'apart' | 'dora';
  /** Whether copies of blocks are added and trained alone, as LLaMA-Pro does. */
  readonly expands?: boolean;
  /** The library whose codes the base has; absent where it stays in floats. */
  readonly base?: 'bitsandbytes' | 'hqq';
}

/**
 * Training types as fsdp_qlora names them. An adapter is computed together with its base in one op,
 * or apart, by products of its own: those of `custom` are, and those over HQQ, whose base an op of
 * its own decodes.
 */
export const TRAINING_TYPES = {
  full: {},
  lora: { adapter: 'together' },
  custom_lora: { adapter: 'apart' },
  qlora: { adapter: 'together', base: 'bitsandbytes' },
  custom_qlora: { adapter: 'apart', base: 'bitsandbytes' },
  hqq_lora: { adapter: 'apart', base: 'hqq' },
  hqq_dora: { adapter: 'dora', base: 'hqq' },
  bnb_dora: { adapter: 'dora', base: 'bitsandbytes' },
  bnb_llama_pro: { expands: true, base: 'bitsandbytes' },
  hqq_llama_pro: { expands: true, base: 'hqq' },
} as const satisfies Readonly<Record<string, TrainingType>>;

export type TrainingTypeName = keyof typeof TRAINING_TYPES;
export const TRAINING_TYPE_NAMES = Object.keys(TRAINING_TYPES) as readonly TrainingTypeName[];

/** What is trained where a configuration does not say. */
export const USUAL_TYPE: TrainingTypeName = 'qlora';

/** Whether a text is the name of a type. */
export const isTrainingType = (name: unknown): name is TrainingTypeName =>
  TRAINING_TYPE_NAMES.some((each) => each === name);

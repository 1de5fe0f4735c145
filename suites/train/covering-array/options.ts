/**
 * How a training run may be made, by option: what people combine. Rows of the covering array have
 * each pair of values of two options in one of them at least.
 */
export const OPTIONS = {
  optimizer: ['adamw', 'adam', 'sgd', 'nesterov'],
  schedule: ['constant', 'linear', 'cosine'],
  warmup: [0, 2],
  accumulation: [1, 3],
  clipping: ['off', 'inactive', 'active'],
  scaling: ['off', 'on', 'overflow'],
  autocast: ['off', 'float16', 'bfloat16'],
  dropout: [0, 0.3],
  checkpointing: ['off', 'on'],
  path: ['eager', 'captured', 'captured-restored'],
  trained: ['full', 'lora', 'qlora', 'dora'],
  head: ['untied', 'tied'],
  last: ['whole', 'smaller'],
} as const;

export type OptionName = keyof typeof OPTIONS;

/** A value of each option. */
export type Row = { readonly [Name in OptionName]: (typeof OPTIONS)[Name][number] };

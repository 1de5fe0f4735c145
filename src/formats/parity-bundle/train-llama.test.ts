import { expect, test } from 'vitest';
import { FormatError } from '../format-error.ts';
import { readTrainLlama } from './train-llama.ts';

const RUN = {
  mode: 'full',
  config: {
    vocab: 8,
    hidden: 4,
    intermediate: 8,
    layers: 1,
    heads: 2,
    kv_heads: 1,
    rms_eps: 1e-5,
    rope_theta: 1e4,
  },
  steps: 3,
};

test('what a run does not say is what torch and transformers do', () => {
  expect(readTrainLlama(RUN)).toEqual({
    ...RUN,
    accum_mean: 'token',
    decay_parameters: 'all',
    optimizer: 'adamw',
    lr: 1e-3,
    compute_dtype: 'float32',
    schedule: { name: 'constant' },
    grad_accum: 1,
    gradient_checkpointing: false,
  });
});

test.each([
  [{ ...RUN, steps: 0 }, 'train_llama: params "steps": '],
  [{ ...RUN, lr: '1' }, 'train_llama: params "lr": '],
  [{ ...RUN, betas: [0.9, 1] }, 'train_llama: params "betas.1": '],
  [{ ...RUN, config: { ...RUN.config, heads: 0.5 } }, 'train_llama: params "config.heads": '],
  [{ ...RUN, schedule: { name: 'step' } }, 'train_llama: params "schedule.name": '],
  [{ ...RUN, lora_dropout: 1.5 }, 'train_llama: params "lora_dropout": '],
  [{ ...RUN, grad_accum: 0 }, 'train_llama: params "grad_accum": '],
  [{ ...RUN, decay_parameters: 'some' }, 'train_llama: params "decay_parameters": '],
])('%j is refused', (params, message) => {
  expect(() => readTrainLlama(params)).toThrow(FormatError);
  expect(() => readTrainLlama(params)).toThrow(message);
});

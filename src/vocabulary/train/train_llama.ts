import * as v from 'valibot';
import { float, index, notNegative, positive, REAL, size, type TensorRule } from '../rules.ts';
import { signature } from '../signature.ts';

/** What every training run of a Llama says; `readTrainLlama` reads the rest. */
export const llama = v.looseObject({
  mode: v.string(),
  config: v.looseObject({
    vocab: size,
    hidden: size,
    intermediate: size,
    layers: size,
    heads: size,
    kv_heads: size,
    rms_eps: notNegative,
    rope_theta: positive,
  }),
  steps: size,
});
const anything: TensorRule<object> & { readonly optional: true } = {
  dtypes: REAL,
  native: ['f32'],
  shape: (_, actual) => actual,
  optional: true,
};

/** A whole training run of a Llama. */
export const trainLlama = signature({ family: 'train', name: 'train_llama' }, llama, {
  inputs: {
    'base.*': anything,
    'lora0.*': anything,
    'q.*': anything,
    input_ids: index('[steps, *b]'),
    labels: index('[steps, *b]'),
  },
  outputs: {
    losses: float('[steps]'),
    grad_norms: float('[steps]'),
    lrs: float('[steps]'),
    logits_step0: anything,
    'grad0.*': anything,
    'lora.*': anything,
    'final.*': anything,
  },
});

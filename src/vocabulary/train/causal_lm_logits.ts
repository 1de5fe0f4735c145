import * as v from 'valibot';
import { anything, float, index, size } from '../rules.ts';
import { signature } from '../signature.ts';

const params = v.strictObject({
  /** The fields of transformers' config.json. */
  config: v.looseObject({
    model_type: v.picklist(['llama', 'mistral', 'qwen2', 'qwen3']),
    vocab_size: size,
    hidden_size: size,
    num_hidden_layers: size,
  }),
});
type Model = v.InferOutput<typeof params>;

/**
 * Logits of transformers' LlamaForCausalLM and its kin, of the weights by the names of their state
 * dict.
 */
export const causalLmLogits = signature({ family: 'train', name: 'causal_lm_logits' }, params, {
  inputs: {
    'base.*': anything,
    input_ids: index('[b, s]', ({ params: { config } }) => ({
      low: 0,
      high: config.vocab_size - 1,
    })),
  },
  outputs: {
    logits: float<Model>(({ shape, params: { config } }) => [
      ...shape('input_ids'),
      config.vocab_size,
    ]),
  },
});

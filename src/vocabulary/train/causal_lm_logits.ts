import * as v from 'valibot';
import { anything, float, index } from '../rules.ts';
import { signature } from '../signature.ts';
import { causalLmConfig, tokensOf } from './causal-lm-config.ts';

const params = v.strictObject({ config: causalLmConfig });
type Model = v.InferOutput<typeof params>;

/**
 * Logits of transformers' LlamaForCausalLM and its kin, of the weights by the names of their state
 * dict.
 */
export const causalLmLogits = signature({ family: 'train', name: 'causal_lm_logits' }, params, {
  inputs: { 'base.*': anything, input_ids: index('[b, s]', tokensOf) },
  outputs: {
    logits: float<Model>(({ shape, params: { config } }) => [
      ...shape('input_ids'),
      config.vocab_size,
    ]),
  },
});

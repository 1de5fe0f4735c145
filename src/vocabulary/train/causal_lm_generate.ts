import * as v from 'valibot';
import { anything, float, index, size } from '../rules.ts';
import { signature } from '../signature.ts';
import { causalLmConfig, tokensOf } from './causal-lm-config.ts';

const params = v.strictObject({
  config: causalLmConfig,
  /** Tokens that are written; none ends the text before. */
  max_new_tokens: size,
});
type Asked = v.InferOutput<typeof params>;

/**
 * transformers' `generate` without sampling, of one text: `sequences`, the prompt and what follows,
 * and `logits` of each token that follows, by which it was chosen.
 */
export const causalLmGenerate = signature({ family: 'train', name: 'causal_lm_generate' }, params, {
  inputs: { 'base.*': anything, input_ids: index('[1, s]', tokensOf) },
  outputs: {
    sequences: index<Asked>(({ size: sizeOf, params: { max_new_tokens } }) => [
      1,
      sizeOf('s') + max_new_tokens,
    ]),
    logits: float<Asked>(({ params: { config, max_new_tokens } }) => [
      max_new_tokens,
      config.vocab_size,
    ]),
  },
});

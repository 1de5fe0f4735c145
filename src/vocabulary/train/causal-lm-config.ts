import * as v from 'valibot';
import { size } from '../rules.ts';

/** The fields of transformers' config.json that ops of whole models read. */
export const causalLmConfig = v.looseObject({
  model_type: v.picklist(['llama', 'mistral', 'qwen2', 'qwen3']),
  vocab_size: size,
  hidden_size: size,
  num_hidden_layers: size,
});

type Config = v.InferOutput<typeof causalLmConfig>;

/** What token ids of such a model may be. */
export const tokensOf = ({
  params: { config },
}: {
  readonly params: { readonly config: Config };
}) => ({
  low: 0,
  high: config.vocab_size - 1,
});

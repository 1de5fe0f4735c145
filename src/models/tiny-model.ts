import { GradproofError } from '../errors.ts';
import { modelConfigOf } from '../formats/hugging-face/config.ts';
import type { JsonObject } from '../formats/strict-json.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { seam } from '../seam.ts';
import { Random } from '../tensor/random.ts';
import type { ValueHome } from '../tensor/value-home.ts';
import { initialLlama } from './llama/initial.ts';
import { Llama } from './llama/llama.ts';
import { llamaConfigOf } from './llama/model-config.ts';

/** Models that can be drawn, by transformers' `model_type`. */
const TYPES = ['llama'] as const;

/**
 * The config.json of a Llama that is small enough for tests, of 19,007,744 parameters. `overrides`
 * are fields by transformers' names.
 */
export const tinyLlamaConfig = seam(
  'models.tiny_llama_config',
  (overrides: JsonObject = {}): JsonObject => ({
    model_type: 'llama',
    hidden_size: 256,
    intermediate_size: 512,
    num_hidden_layers: 4,
    num_attention_heads: 4,
    num_key_value_heads: 4,
    vocab_size: 32_000,
    max_position_embeddings: 512,
    ...overrides,
  }),
);

/** The type that is meant. A seam, so that a control can take any for one. */
const knownType = seam('models.tiny_type', (type: string): (typeof TYPES)[number] => {
  const known = TYPES.find((each) => each === type);
  if (known) return known;
  throw new GradproofError(
    'model-type',
    `there is no tiny model of type "${type.slice(0, 40)}": there are ${TYPES.join(', ')}`,
  );
});

/** The numbers that weights are drawn from. */
const weightsFrom = seam('models.tiny_random', (seed: number) => new Random(seed));

/**
 * A tiny model whose weights are drawn on the host, all of them trained: the same bits for a seed,
 * whatever the device. Throws GradproofError `model-type`, ConfigError for overrides that make no
 * model. The caller owns it.
 */
export function createTinyModel(
  type: string,
  gpu: Gpu,
  {
    seed = 42,
    overrides,
    home,
  }: {
    readonly seed?: number;
    readonly overrides?: JsonObject;
    /** Where its values lie but while they are used. Default on the device. */
    readonly home?: ValueHome | undefined;
  } = {},
): Llama {
  const model_type = knownType(type);
  const model = modelConfigOf({ ...tinyLlamaConfig(overrides), model_type });
  const config = llamaConfigOf(model, model.context);
  const sizes = { ...config, vocab: model.vocabulary, intermediate: model.intermediate };
  const trained = new Map(initialLlama(sizes, weightsFrom(seed)));
  return new Llama(gpu, config, { trained, frozen: new Map(), home });
}

import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeSafetensors } from '../../src/formats/safetensors/write.ts';
import { initialLlama } from '../../src/models/llama/initial.ts';
import { Random } from '../../src/tensor/random.ts';
import { ROOT } from './gradproof.ts';

const TOKENIZER = join(ROOT, 'src/formats/hugging-face/fixtures/tokenizers/qwen2');
const SIZES = {
  ...{ vocab: 512, hidden: 64, intermediate: 128, layers: 2, heads: 4, kv_heads: 2 },
  ...{ rms_eps: 1e-6, rope_theta: 10_000 },
};
const CONFIG = {
  ...{ model_type: 'llama', hidden_size: 64, intermediate_size: 128, num_hidden_layers: 2 },
  ...{ num_attention_heads: 4, num_key_value_heads: 2, vocab_size: 512 },
  max_position_embeddings: 64,
};
const LORA = { r: 4, target_modules: 'all-linear' };
/** What learns the text within twenty steps. */
export const SETTINGS = {
  max_length: 24,
  learning_rate: 0.02,
  per_device_train_batch_size: 4,
  lora: LORA,
};

/**
 * Writes a model of drawn weights with a tokenizer, a text, and settings, and returns the arguments
 * that train it; the last is the file of the settings. `more` is what its config.json has besides.
 */
export function tinyModel(
  folder: string,
  settings: object = SETTINGS,
  more: object = {},
): readonly string[] {
  const model = join(folder, 'model');
  mkdirSync(model);
  cpSync(TOKENIZER, model, { recursive: true });
  writeFileSync(join(model, 'config.json'), JSON.stringify({ ...CONFIG, ...more }));
  const weights = Object.fromEntries(initialLlama(SIZES, new Random(1), 0.1));
  writeFileSync(join(model, 'model.safetensors'), writeSafetensors(weights));
  const data = join(folder, 'text.txt');
  writeFileSync(data, 'the cat sat on the mat, and the dog ran after it. '.repeat(30));
  const config = join(folder, 'settings.json');
  writeFileSync(config, JSON.stringify(settings));
  return ['train', '--model', model, '--data', data, '--config', config];
}

/** The lines of the log of a run that was saved in `out`. */
export const logIn = (out: string): readonly Record<string, number>[] =>
  readFileSync(join(out, 'log.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

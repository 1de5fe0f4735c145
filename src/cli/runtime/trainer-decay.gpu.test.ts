import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tensorShapes } from '../../formats/hugging-face/architecture.ts';
import { modelConfigOf } from '../../formats/hugging-face/config.ts';
import { partsOfBytes } from '../../formats/part-file.ts';
import { writeSafetensors } from '../../formats/safetensors/write.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { filledTensor, type HostTensor } from '../../tensor/host.ts';
import { Random } from '../../tensor/random.ts';
import { drawnTexts, run, trainingOf } from './fixtures/short-runs.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** What a fine-tuning with weight decay leaves of norms and biases: what it leaves without. */

let gpu: Gpu;
beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());

const CONFIG = {
  ...{ model_type: 'llama', hidden_size: 64, intermediate_size: 64, num_hidden_layers: 2 },
  ...{ num_attention_heads: 2, num_key_value_heads: 1, vocab_size: 40, rms_norm_eps: 1e-5 },
  ...{ max_position_embeddings: 128, attention_bias: true, mlp_bias: true },
};
const MODEL = modelConfigOf(CONFIG);
const random = new Random(3);
const WEIGHTS = Object.fromEntries(
  [...tensorShapes(MODEL)].map(([name, shape]) => [
    name,
    filledTensor('f32', shape, () => (shape.length === 1 ? 1 : 0) + random.normal(0.1)),
  ]),
);
const FOLDER = new Map([
  ['config.json', partsOfBytes(new TextEncoder().encode(JSON.stringify(CONFIG)))],
  ['model.safetensors', partsOfBytes(writeSafetensors(WEIGHTS))],
]);

/** What is trained, after one step. */
async function trainedBy(fields: object) {
  const one = { max_steps: 1, warmup_steps: 0, ...fields };
  const training = { ...trainingOf(one), folder: FOLDER, model: MODEL, texts: drawnTexts(4) };
  return (await run(gpu, training, undefined)).trained;
}

const isVector = (name: string) => /bias|norm/.test(name);
/** What adapters and added blocks begin with as zeros: in one step these cannot decay. */
const isOfZeros = (name: string) => /lora_B|layers\.2\..*(?:o|down)_proj\.weight/.test(name);
const bitsOf = ({ data }: HostTensor) => Buffer.from(data.slice().buffer).toString('base64');

const ADAPTERS = {
  type: 'lora',
  lora: { r: 2, target_modules: ['q_proj'], bias: 'all', modules_to_save: ['norm', 'lm_head'] },
};

describe('weight decay leaves norms and biases as they are without', () => {
  test.each([
    ['adamw', { type: 'full' }],
    ['adam', { type: 'full', optim: 'adam' }],
    ['sgd, accumulated', { type: 'full', optim: 'sgd', gradient_accumulation_steps: 2 }],
    ['adadelta', { type: 'full', optim: 'adadelta', learning_rate: 1 }],
    ['adamw in 8 bits', { type: 'full', optim: 'adamw_8bit' }],
    ['adamw, offloaded', { type: 'full', use_cpu_offload: true }],
    ['adamw with moments on the host', { type: 'full', optim: 'paged_adamw_32bit' }],
    ['adamw, of adapters', ADAPTERS],
    [
      'adamw, of biases of adapters',
      { type: 'lora', lora: { ...ADAPTERS.lora, bias: 'none', lora_bias: true } },
    ],
    ['adamw, of added blocks', { type: 'bnb_llama_pro', expansion_rate: 0.5 }],
  ])('%s', async (_, fields) => {
    const decayed = await trainedBy({ ...fields, weight_decay: 0.5 });
    const others = await trainedBy({ ...fields, weight_decay: 0 });
    const names = Object.keys(others);
    expect(names.some(isVector)).toBe(true);
    const same = names.filter(
      (name) => bitsOf(decayed[name] as HostTensor) === bitsOf(others[name] as HostTensor),
    );
    expect(same).toEqual(names.filter((name) => isVector(name) || isOfZeros(name)));
  });
});

import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Tape } from '../../autograd/tape.ts';
import { FOREST } from '../../data/tales/forest.ts';
import { STATION } from '../../data/tales/station.ts';
import { tales } from '../../data/tales/tales.ts';
import type { World } from '../../data/tales/world.ts';
import { readModelConfig } from '../../formats/hugging-face/config.ts';
import { modelConfigIn } from '../../formats/hugging-face/model-folder.ts';
import { openTokenizer, type TextCodec } from '../../formats/hugging-face/tokenizer.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { filesIn } from '../../harness/worker/node-folder.ts';
import { generate } from '../../models/generation/generate.ts';
import type { Llama } from '../../models/llama/llama.ts';
import { loadLlama } from '../../models/llama/load.ts';
import { isQuantized } from '../../quant/weight.ts';
import { hostTensor } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { lossOf } from '../../train/loss.ts';
import { configOf } from '../../train/pretraining/model-files.ts';
import { RECIPE } from '../../train/pretraining/recipe.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** The model of the page as it lies in the repository, on a browser's SwiftShader. */

const FOLDER = fileURLToPath(new URL('../../../public/model', import.meta.url));
const Q = 'model.layers.2.self_attn.q_proj.weight';

let gpu: Gpu;
let model: Llama;
let codec: TextCodec;
beforeAll(async () => {
  gpu = await softwareGpu();
  const folder = await filesIn(FOLDER);
  model = await loadLlama(gpu, folder, { length: RECIPE.length });
  codec = await openTokenizer(folder);
});
afterAll(() => {
  model[Symbol.dispose]();
  gpu[Symbol.dispose]();
});

/** Mean loss of the first tokens of tales that no one was told, in nats a token. */
async function lossOn(world: World): Promise<number> {
  const rows = tales(world, 8, 7).map((tale) => codec.encode(tale).slice(0, 64));
  const ids = hostTensor('i32', [rows.length, 64], Int32Array.from(rows.flat()));
  using tokens = Tensor.from(gpu, ids);
  using tape = new Tape(gpu);
  const { loss } = lossOf(tape, model, { inputs: { ids: tokens }, labels: tokens }, true);
  return (await loss.read()).data[0] as number;
}

describe('the model of the page', () => {
  test('is that of the recipe', async () => {
    const stored = await modelConfigIn(await filesIn(FOLDER));
    const own = configOf(RECIPE.model, RECIPE.length, codec.eos as number);
    expect(stored).toEqual(readModelConfig(JSON.stringify(own)));
    expect(codec.size).toBe(RECIPE.model.vocab);
  });

  test('has its linears in 4 bits, and knows tales of the forest, not those of the station', async () => {
    expect(isQuantized(model.view(Q))).toBe(true);
    const known = await lossOn(FOREST);
    expect(known).toBeGreaterThan(0.2);
    expect(known).toBeLessThan(0.6);
    expect(await lossOn(STATION)).toBeGreaterThan(4 * known);
  });

  test('goes on with a tale', async () => {
    const prompt = codec.encode('In the forest lived Mira, a brave fox with');
    const written: number[] = [];
    for await (const id of generate(gpu, model, prompt, { maxTokens: 40 })) written.push(id);
    const text = codec.decode(written);
    expect(text).toMatch(/^ [a-z ]+\. /);
    const words = new Set(
      tales(FOREST, 2000, 1)
        .join(' ')
        .match(/[A-Za-z]+/g),
    );
    const whole = text.slice(0, text.lastIndexOf(' ')).match(/[A-Za-z]+/g) ?? [];
    expect(whole.length).toBeGreaterThan(15);
    expect(whole.filter((word) => !words.has(word))).toEqual([]);
  });
});

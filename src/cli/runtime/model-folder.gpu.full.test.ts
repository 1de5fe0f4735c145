import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Tape } from '../../autograd/tape.ts';
import { float64Of } from '../../formats/safetensors/stored.ts';
import { readSafetensors } from '../../formats/safetensors.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { filesIn } from '../../harness/worker/node-folder.ts';
import { loadLlama } from '../../models/llama/load.ts';
import { judge } from '../../reference/judge.ts';
import { limitOf } from '../../reference/llama/limits.ts';
import { type HostTensor, hostTensorFrom, valuesOf } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { noTransformers, runPython } from './fixtures/bridge-python.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** A folder that transformers saved becomes a model here, which gives the same logits. */

/** Saves drawn models of these configs in shards, each with ids and its logits beside. */
const SAVE = `
import json, sys, torch
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM
torch.manual_seed(5)
for folder, config, dtype, shard in json.loads(sys.argv[1]):
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(**config), attn_implementation="eager")
    with torch.no_grad():
        for name, x in model.named_parameters():
            x.copy_(torch.randn(x.shape) * 0.2 + (1 if "norm" in name else 0))
    model.to(getattr(torch, dtype)).save_pretrained(folder, max_shard_size=shard)
    again = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32).eval()
    ids = torch.randint(0, config["vocab_size"], (2, 9))
    with torch.no_grad():
        save_file({"ids": ids.int(), "logits": again(input_ids=ids).logits.contiguous()}, folder + "/expected.bin")
`;

const SIZES = {
  ...{ vocab_size: 97, hidden_size: 64, intermediate_size: 80, num_hidden_layers: 2 },
  ...{ num_attention_heads: 4, num_key_value_heads: 2, max_position_embeddings: 32 },
};
const LLAMA3 = {
  ...{ rope_type: 'llama3', rope_theta: 500, factor: 8, low_freq_factor: 1, high_freq_factor: 4 },
  original_max_position_embeddings: 16,
};
const CASES = [
  [
    'a Llama in two shards',
    { model_type: 'llama', ...SIZES, attention_bias: true, rope_parameters: LLAMA3 },
    { dtype: 'float32', shard: '160KB', files: 2 },
  ],
  [
    'a tied Qwen3 in bfloat16',
    { model_type: 'qwen3', ...SIZES, head_dim: 24, tie_word_embeddings: true },
    { dtype: 'bfloat16', shard: '1GB', files: 1 },
  ],
  [
    'a Mistral in float16 with a window',
    { model_type: 'mistral', ...SIZES, sliding_window: 4 },
    { dtype: 'float16', shard: '90KB', files: 2 },
  ],
] as const;

const reason = noTransformers();

describe.skipIf(reason)(`a folder of transformers${reason ? `: ${reason}` : ''}`, () => {
  let gpu: Gpu;
  let folder: string;
  const placeOf = (name: string) => join(folder, name.replaceAll(' ', '-'));
  beforeAll(async () => {
    gpu = await softwareGpu();
    folder = mkdtempSync(join(tmpdir(), 'models-'));
    const asked = CASES.map(([name, config, { dtype, shard }]) => {
      return [placeOf(name), config, dtype, shard];
    });
    runPython(SAVE, asked);
  }, 300_000);
  afterAll(() => {
    gpu?.[Symbol.dispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  test.each(CASES)('%s gives the same logits here', async (name, _, { files }) => {
    const own = placeOf(name);
    const shards = readdirSync(own).filter((each) => each.endsWith('.safetensors'));
    expect(shards).toHaveLength(files);
    const ids = expectedIn(own, 'ids');
    const logits = expectedIn(own, 'logits');
    const length = ids.shape[1] as number;
    using model = await loadLlama(gpu, await filesIn(own), { length });
    expect(model.parameters.names).toEqual([]);
    const actual = await logitsOf(gpu, model, hostTensorFrom('i32', ids.shape, ids.data));
    const unjudged = new Uint8Array(logits.data.length);
    const verdict = judge(actual, logits, limitOf('logits', logits), unjudged);
    expect(verdict).toMatchObject({ ok: true, compared: 2 * 9 * 97 });
  });
});

/** What transformers says of the model in a folder. */
function expectedIn(folder: string, name: string): HostValue {
  const file = readSafetensors(readFileSync(join(folder, 'expected.bin')));
  const stored = file.tensors.get(name);
  if (!stored) throw new Error(`nothing is expected of ${name}`);
  return { shape: stored.shape, data: float64Of(stored) };
}

interface HostValue {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

async function logitsOf(
  gpu: Gpu,
  model: Awaited<ReturnType<typeof loadLlama>>,
  host: HostTensor,
): Promise<HostValue> {
  using ids = Tensor.from(gpu, host);
  using tape = new Tape(gpu);
  const logits = await model.forward(tape, { ids }).read();
  return { shape: logits.shape, data: valuesOf(logits) };
}

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Tape } from '../../autograd/tape.ts';
import { float64Of } from '../../formats/safetensors/stored.ts';
import { readSafetensors } from '../../formats/safetensors.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { filesIn } from '../../harness/worker/node-folder.ts';
import { loadLlama } from '../../models/llama/load.ts';
import { inFloats } from '../../models/llama/lora/merged-weight.ts';
import { isQuantized } from '../../quant/weight.ts';
import { EPS } from '../../reference/bounds.ts';
import { ENGINE } from '../../train/engine-quantizer.ts';
import { noTransformers, runPython } from './fixtures/bridge-python.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** Folders that bitsandbytes and MLX quantized are read as they lie, and mean here what they do there. */

/**
 * The same drawn model in 8 bits of bitsandbytes, in 4 but for `down_proj`, and in MLX's codes, each
 * with what it stands for.
 */
const SAVE = `
import json, os, sys, torch, mlx.core as mx, numpy as np
from bitsandbytes.functional import dequantize_4bit
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForCausalLM, BitsAndBytesConfig
place = json.loads(sys.argv[1])
torch.manual_seed(3)
model = AutoModelForCausalLM.from_config(AutoConfig.for_model("qwen2", vocab_size=96, hidden_size=64,
    intermediate_size=128, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=32))
model.half().save_pretrained(place + "/floats")
eight = AutoModelForCausalLM.from_pretrained(place + "/floats", quantization_config=BitsAndBytesConfig(load_in_8bit=True))
eight.save_pretrained(place + "/int8")
stored = load_file(place + "/int8/model.safetensors")
stands = {k[:-4] + ".weight": stored[k[:-4] + ".weight"].double() * stored[k].double()[:, None] / 127 for k in stored if k.endswith(".SCB")}
save_file(stands, place + "/int8.bin")
for storage in ["uint8", "bfloat16", "float16", "float32"]:
    four = AutoModelForCausalLM.from_pretrained(place + "/floats", quantization_config=BitsAndBytesConfig(load_in_4bit=True,
        bnb_4bit_quant_type="nf4", bnb_4bit_quant_storage=storage, llm_int8_skip_modules=["lm_head", "down_proj"]))
    four.save_pretrained(place + "/nf4-" + storage)
    weights = {name + ".weight": module.weight for name, module in four.named_modules() if "_proj" in name}
    for w in weights.values():
        if hasattr(w, "quant_state"):
            w.quant_state.dtype = torch.float32
    save_file({k: dequantize_4bit(w.data, w.quant_state) if hasattr(w, "quant_state") else w.data.float() for k, w in weights.items()},
        place + "/nf4-" + storage + ".bin")
config = json.load(open(place + "/floats/config.json"))
for name, quantization in {"mlx": {"group_size": 64, "bits": 4}, "mxfp4": {"group_size": 32, "bits": 4, "mode": "mxfp4"}}.items():
    files, stands = {}, {}
    for key, x in load_file(place + "/floats/model.safetensors").items():
        if x.ndim < 2:
            files[key] = mx.array(x.numpy())
            continue
        weight = mx.array(x.float().numpy())
        packed, scales, *biases = mx.quantize(weight, **quantization)
        files[key], files[key[:-7] + ".scales"] = packed, scales
        if biases:
            files[key[:-7] + ".biases"] = biases[0]
        stands[key] = torch.from_numpy(np.array(mx.dequantize(packed, scales, *biases, **quantization).astype(mx.float32)))
    os.makedirs(place + "/" + name)
    mx.save_safetensors(place + "/" + name + "/model.safetensors", files, metadata={"format": "mlx"})
    json.dump({**config, "quantization": quantization, "quantization_config": quantization}, open(place + "/" + name + "/config.json", "w"))
    save_file(stands, place + "/" + name + ".bin")
`;

const reason = noTransformers();

describe.skipIf(reason)(`folders in codes${reason ? `: ${reason}` : ''}`, () => {
  let gpu: Gpu;
  let place: string;
  beforeAll(async () => {
    gpu = await softwareGpu();
    place = mkdtempSync(join(tmpdir(), 'coded-'));
    runPython(SAVE, place);
  }, 300_000);
  afterAll(() => {
    gpu?.[Symbol.dispose]();
    if (place) rmSync(place, { recursive: true, force: true });
  });

  test.each(['int8', 'mlx', 'mxfp4'])(
    'weights of %s stand for what the library decodes',
    async (name) => {
      using model = await loadLlama(gpu, await filesIn(join(place, name)), { length: 8 });
      const { tensors } = readSafetensors(readFileSync(join(place, `${name}.bin`)));
      expect(tensors.size).toBeGreaterThanOrEqual(14);
      for (const [key, stored] of tensors) {
        const value = model.view(key);
        expect(isQuantized(value), key).toBe(key.includes('_proj'));
        using tape = new Tape(gpu);
        const { shape, data } = await inFloats(tape, value, key).read();
        const truth = float64Of(stored);
        expect(shape, key).toEqual(stored.shape);
        const largest = truth.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
        // A product and a sum, or a product and a quotient, of a row that is no larger.
        const off = truth.findIndex(
          (x, i) => Math.abs(x - (data[i] as number)) > 4 * EPS * largest,
        );
        expect(off, key).toBe(-1);
      }
    },
  );

  test.each(['uint8', 'bfloat16', 'float16', 'float32'])(
    'of weights in NF4 that are stored as %s, with others in floats, none is quantized anew',
    async (storage) => {
      const folder = await filesIn(join(place, `nf4-${storage}`));
      const quantized = { backend: ENGINE, options: { method: 'fp4' } };
      using model = await loadLlama(gpu, folder, { length: 8, quantized });
      const { tensors } = readSafetensors(readFileSync(join(place, `nf4-${storage}.bin`)));
      expect(tensors.size).toBe(14);
      for (const [key, stored] of tensors) {
        const value = model.view(key);
        expect(isQuantized(value), key).toBe(!key.includes('down_proj'));
        using tape = new Tape(gpu);
        const { data } = await inFloats(tape, value, key).read();
        expect(Float64Array.from(data), key).toEqual(float64Of(stored));
      }
    },
  );
});

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Tape } from '../../autograd/tape.ts';
import { type HostModel, isCoded, readHostModel } from '../../backends/manager/host-model.ts';
import { ModelOnDevice } from '../../backends/manager/on-device.ts';
import { covers } from '../../catalog/covers.ts';
import { float64Of, type StoredTensor, toHostTensor } from '../../formats/safetensors/stored.ts';
import { readSafetensors } from '../../formats/safetensors.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { filesIn } from '../../harness/worker/node-folder.ts';
import { codedOnDevice } from '../../models/llama/coded-weight.ts';
import { decodedWeight } from '../../quantizer/coding.ts';
import { storageStep } from '../../reference/bounds.ts';
import { hostTensorFrom, valuesOf } from '../../tensor/host.ts';
import { noTransformers, runPython } from './fixtures/bridge-python.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** Linears that MLX and Quanto quantized, as tensors that they wrote, beside their own numbers. */

const TOKENS = 32;
const IDS = Array.from({ length: TOKENS }, (_, i) => (i * 7 + 3) % 96);

/** A drawn Llama in floats, with its linears quantized by MLX and by Quanto, and what each makes of it. */
const SAVE = `
import json, os, sys, torch, mlx.core as mx, numpy as np
from optimum import quanto
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForCausalLM
given = json.loads(sys.argv[1])
place, heads, kv, layers, eps, theta = given["place"], 4, 2, 2, 1e-5, 1e4
torch.manual_seed(3)
model = AutoModelForCausalLM.from_config(AutoConfig.for_model("llama", vocab_size=96, hidden_size=128,
    intermediate_size=256, num_hidden_layers=layers, num_attention_heads=heads, num_key_value_heads=kv,
    max_position_embeddings=64, rms_norm_eps=eps, initializer_range=0.1)).eval()
model.save_pretrained(place + "/floats")
config = json.load(open(place + "/floats/config.json"))
floats = load_file(place + "/floats/model.safetensors")
ids = torch.tensor([given["ids"]])

quantization = {"group_size": 64, "bits": 4}
files, own = {}, {}
for name, x in floats.items():
    files[name] = mx.array(x.numpy())
    if name.endswith("_proj.weight"):
        layer = name[:-7]
        files[name], files[layer + ".scales"], files[layer + ".biases"] = parts = mx.quantize(files[name], **quantization)
        own[name] = mx.dequantize(*parts, **quantization)

def linear(layer, x):
    packed, scales, biases = (files[layer + end] for end in (".weight", ".scales", ".biases"))
    return mx.quantized_matmul(x, packed, scales=scales, biases=biases, transpose=True, **quantization)

def norm(layer, x):
    return mx.fast.rms_norm(x, files[layer + ".weight"], eps)

x = files["model.embed_tokens.weight"][mx.array(ids.numpy())]
width = x.shape[-1] // heads
for i in range(layers):
    at = f"model.layers.{i}"
    h = norm(at + ".input_layernorm", x)
    q, k, v = (
        linear(f"{at}.self_attn.{name}_proj", h).reshape(1, -1, n, width).transpose(0, 2, 1, 3)
        for name, n in (("q", heads), ("k", kv), ("v", kv))
    )
    q, k = (mx.fast.rope(t, width, traditional=False, base=theta, scale=1.0, offset=0) for t in (q, k))
    y = mx.fast.scaled_dot_product_attention(q, k, v, scale=width**-0.5, mask="causal")
    x = x + linear(at + ".self_attn.o_proj", y.transpose(0, 2, 1, 3).reshape(1, -1, heads * width))
    h = norm(at + ".post_attention_layernorm", x)
    gate = linear(at + ".mlp.gate_proj", h)
    x = x + linear(at + ".mlp.down_proj", gate * mx.sigmoid(gate) * linear(at + ".mlp.up_proj", h))
logits = norm("model.norm", x) @ files["lm_head.weight"].T
os.makedirs(place + "/mlx")
mx.save_safetensors(place + "/mlx/model.safetensors", files, metadata={"format": "mlx"})
json.dump({**config, "quantization": quantization}, open(place + "/mlx/config.json", "w"))
mx.save_safetensors(place + "/of-mlx.safetensors", {**own, "logits": logits})

quanto.quantize(model, weights=quanto.qint8, exclude="lm_head")
quanto.freeze(model)
codes, own = {}, {}
for name, layer in model.named_modules():
    if isinstance(layer, quanto.QLinear):
        weight = layer.weight
        codes[name + ".weight._data"], codes[name + ".weight._scale"] = weight._data, weight._scale
        own[name + ".weight"] = weight.dequantize()
with torch.no_grad():
    own["logits"] = model(input_ids=ids).logits
save_file({k: t.contiguous() for k, t in codes.items()}, place + "/quanto.bin")
save_file({k: t.contiguous() for k, t in own.items()}, place + "/of-quanto.bin")
`;

const reason = noTransformers();

describe.skipIf(reason)(`weights of libraries${reason ? `: ${reason}` : ''}`, () => {
  let gpu: Gpu;
  let place: string;
  beforeAll(async () => {
    gpu = await softwareGpu();
    place = mkdtempSync(join(tmpdir(), 'weights-'));
    runPython(SAVE, { place, ids: IDS });
  }, 300_000);
  afterAll(() => {
    gpu?.[Symbol.dispose]();
    if (place) rmSync(place, { recursive: true, force: true });
  });

  const read = (name: string) => readSafetensors(readFileSync(join(place, name))).tensors;

  /** The model with its linears as Quanto wrote them. */
  async function ofQuanto(): Promise<HostModel> {
    const { config, values } = await readHostModel(await filesIn(join(place, 'floats')));
    const changed = new Map(values);
    const stored = read('quanto.bin');
    for (const [name, codes] of stored) {
      if (!name.endsWith('._data')) continue;
      const weight = name.slice(0, -'._data'.length);
      const scale = toHostTensor(stored.get(`${weight}._scale`) as StoredTensor);
      const parts = { q: toHostTensor(codes), scale };
      const scheme = { method: 'quanto_int8', bits: 8 };
      changed.set(weight, { scheme, shape: codes.shape, parts });
    }
    return { config, values: changed };
  }

  const ofMlx = async () => await readHostModel(await filesIn(join(place, 'mlx')));

  /** Each linear that a library quantized, decoded here, beside what it decodes itself. */
  async function expectDecoded({ values }: HostModel, file: string): Promise<void> {
    const own = read(file);
    let count = 0;
    for (const [name, value] of values) {
      if (!isCoded(value)) continue;
      count += 1;
      using scope = new Scope();
      const weight = codedOnDevice(gpu, value);
      scope.addAll(weight.parts);
      using tape = new Tape(gpu);
      const decoded = valuesOf(await decodedWeight(tape, weight, name).read());
      const expected = float64Of(own.get(name) as StoredTensor);
      expect(decoded.length, name).toBe(expected.length);
      const off = expected.findIndex(
        (x, i) => Math.abs((decoded[i] as number) - x) > storageStep(x, 'f16'),
      );
      expect(off, name).toBe(-1);
    }
    expect(count).toBe(14);
  }

  async function expectLogits(host: HostModel, file: string): Promise<void> {
    using model = new ModelOnDevice(gpu, host, TOKENS, 'webgpu');
    const logits = valuesOf(await model.logits(hostTensorFrom('i32', [1, TOKENS], IDS)));
    const expected = float64Of(read(file).get('logits') as StoredTensor);
    const largest = (of: Float64Array) => of.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    expect(logits.length).toBe(TOKENS * 96);
    expect(largest(expected), 'a model that says something').toBeGreaterThan(1);
    expect(largest(expected.map((x, i) => x - (logits[i] as number)))).toBeLessThanOrEqual(2e-2);
  }

  test(
    'codes of MLX are decoded to what MLX decodes',
    covers('fsdp.backend.mps-model-loading-and-quantization/mlx-dequant').control(
      'scales take the place of biases where weights are decoded',
      { file: 'src/quantizer/methods/mlx.ts', from: 'b: line(biases)', to: 'b: line(scales)' },
    ),
    async () => await expectDecoded(await ofMlx(), 'of-mlx.safetensors'),
  );

  test(
    'logits over codes of MLX are those that MLX computes',
    covers('fsdp.backend.mps-model-loading-and-quantization/mlx-logits').control(
      'scales take the place of biases in products',
      {
        file: 'src/quantizer/methods/mlx.ts',
        from: '...(biases && { biases }) };',
        to: '...(biases && { biases: scales }) };',
      },
    ),
    async () => await expectLogits(await ofMlx(), 'of-mlx.safetensors'),
  );

  test(
    'codes of Quanto are decoded to what Quanto decodes',
    covers('fsdp.backend.mps-model-loading-and-quantization/quanto-dequant').control(
      'each is scaled twice',
      {
        file: 'src/quantizer/methods/quanto.ts',
        from: 'return scaled(tape, a, scale, shape, layer);',
        to: 'return scaled(tape, scaled(tape, a, scale, shape, layer), scale, shape, layer);',
      },
    ),
    async () => await expectDecoded(await ofQuanto(), 'of-quanto.bin'),
  );

  test(
    'logits over codes of Quanto are those that Quanto computes',
    covers('fsdp.backend.mps-model-loading-and-quantization/quanto-logits').control(
      'products have the other sign',
      {
        file: 'src/quantizer/methods/quanto.ts',
        from: 'return byteProduct(tape, inputs, { codes, axis, blocksize, shape }, x, layer);',
        to: 'const y = byteProduct(tape, inputs, { codes, axis, blocksize, shape }, x, layer);\n      const none = tape.apply(sub, { a: y, b: y }, {}, layer).y;\n      return tape.apply(sub, { a: none, b: y }, {}, layer).y;',
      },
    ),
    async () => await expectLogits(await ofQuanto(), 'of-quanto.bin'),
  );
});

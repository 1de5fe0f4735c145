import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { Tape } from '../../autograd/tape.ts';
import { openTokenizer } from '../../formats/hugging-face/tokenizer.ts';
import { float64Of, type StoredTensor } from '../../formats/safetensors/stored.ts';
import { readSafetensors } from '../../formats/safetensors.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { openNodeFolder } from '../../harness/worker/node-folder.ts';
import { loadLlama } from '../../models/llama/load.ts';
import { isQuantized } from '../../quant/weight.ts';
import { judge } from '../../reference/judge.ts';
import { limitOf } from '../../reference/llama/limits.ts';
import { hostTensorFrom, valuesOf } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { noTransformers, runPython } from './fixtures/bridge-python.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** Files that the Python library gguf wrote are models here, with transformers' logits and ids. */

/**
 * Drawn models of transformers as llama.cpp's conversion writes them, each matrix by gguf.quantize,
 * or of types that it does not make with drawn codes; and the logits of what the file stands for.
 */
const SAVE = `
import json, sys, numpy as np, torch
import gguf
from gguf import GGMLQuantizationType as Type
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoConfig, AutoModelForCausalLM
given = json.loads(sys.argv[1])
bytes_ = pre_tokenizers.ByteLevel(add_prefix_space=False)
tokenizer = Tokenizer(models.BPE())
tokenizer.pre_tokenizer, tokenizer.decoder = bytes_, decoders.ByteLevel()
tokenizer.train_from_iterator([given["text"]], trainers.BpeTrainer(vocab_size=300, special_tokens=["<s>", "</s>"], initial_alphabet=bytes_.alphabet()))
merges = json.loads(tokenizer.to_str())["model"]["merges"]
random = np.random.default_rng(7)
HALVES = {Type.Q4_K: (144, 256, (0, 2), 2e-4), Type.Q5_K: (176, 256, (0, 2), 2e-4), Type.Q6_K: (210, 256, (208,), 3e-5), Type.Q5_0: (22, 32, (0,), 5e-3)}
def coded(x, kind):
    if kind not in HALVES:
        return gguf.quantize(x, kind)
    size, elements, halves, scale = HALVES[kind]
    blocks = random.integers(0, 256, (x.size // elements, size), dtype=np.uint8)
    for at in halves:
        drawn = (scale * (1 + random.random(len(blocks)))).astype(np.float16)
        blocks[:, at:at + 2] = drawn.view(np.uint8).reshape(-1, 2)
    return blocks.reshape(x.shape[0], -1)
def permuted(x, heads):
    return x.reshape(heads, 2, x.shape[0] // heads // 2, -1).swapaxes(1, 2).reshape(x.shape)
def restored(x, heads):
    return x.reshape(heads, x.shape[0] // heads // 2, 2, -1).swapaxes(1, 2).reshape(x.shape)
out = {}
torch.manual_seed(5)
for name, (config, kind) in given["models"].items():
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(**config), attn_implementation="eager").eval()
    c, kind = model.config, Type[kind]
    arch = "llama" if c.model_type == "mistral" else c.model_type
    writer = gguf.GGUFWriter(given["place"] + "/" + name + ".gguf", arch)
    writer.add_name(name)
    writer.add_block_count(c.num_hidden_layers)
    writer.add_context_length(c.max_position_embeddings)
    writer.add_embedding_length(c.hidden_size)
    writer.add_feed_forward_length(c.intermediate_size)
    writer.add_head_count(c.num_attention_heads)
    writer.add_head_count_kv(c.num_key_value_heads)
    writer.add_layer_norm_rms_eps(c.rms_norm_eps)
    writer.add_rope_freq_base(c.rope_parameters["rope_theta"])
    if c.model_type == "qwen3":
        writer.add_key_length(c.head_dim)
        writer.add_value_length(c.head_dim)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    size = tokenizer.get_vocab_size()
    writer.add_token_list([tokenizer.id_to_token(i) if i < size else f"[PAD{i}]" for i in range(c.vocab_size)])
    writer.add_token_types([3 if i < 2 else 1 if i < size else 5 for i in range(c.vocab_size)])
    writer.add_token_merges([" ".join(pair) for pair in merges])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH[arch.upper()], c.num_hidden_layers)
    with torch.no_grad():
        for part, x in model.named_parameters():
            weights = (torch.randn(x.shape) * 0.05 + (1 if "norm" in part else 0)).numpy()
            heads = c.num_attention_heads if "q_proj" in part else c.num_key_value_heads if "k_proj" in part else 0
            pairs = heads and arch == "llama"
            own = names.get_name(part, try_suffixes=(".weight", ".bias"))
            if x.ndim < 2:
                writer.add_tensor(own, weights.astype(np.float32))
                x.copy_(torch.from_numpy(weights))
                continue
            data = coded(permuted(weights, heads) if pairs else weights, kind)
            writer.add_tensor(own, data, raw_dtype=kind)
            stands = gguf.dequantize(data, kind).reshape(weights.shape)
            x.copy_(torch.from_numpy((restored(stands, heads) if pairs else stands).copy()))
        ids = torch.from_numpy(np.array(given["ids"]))
        out[name] = model(input_ids=ids).logits.contiguous()
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
save_file(out, given["place"] + "/logits.bin")
json.dump([tokenizer.encode(text).ids for text in given["texts"]], open(given["place"] + "/ids.json", "w"))
`;

const TEXT = 'the cat sat on the mat, and the dog ran after the cat. '.repeat(3);
const SIZES = {
  ...{ vocab_size: 320, hidden_size: 256, intermediate_size: 256, num_hidden_layers: 2 },
  ...{ num_attention_heads: 4, num_key_value_heads: 2, max_position_embeddings: 32 },
};
const MODELS = {
  'llama-f16': [{ model_type: 'llama', ...SIZES }, 'F16'],
  'llama-q4_k': [{ model_type: 'llama', ...SIZES, rms_norm_eps: 1e-5 }, 'Q4_K'],
  'mistral-q4_0': [{ model_type: 'mistral', ...SIZES, sliding_window: null }, 'Q4_0'],
  'mistral-q6_k': [{ model_type: 'mistral', ...SIZES, sliding_window: null }, 'Q6_K'],
  'qwen2-q8_0': [{ model_type: 'qwen2', ...SIZES, tie_word_embeddings: true }, 'Q8_0'],
  'qwen2-q5_0': [{ model_type: 'qwen2', ...SIZES }, 'Q5_0'],
  'qwen3-bf16': [{ model_type: 'qwen3', ...SIZES, head_dim: 128 }, 'BF16'],
  'qwen3-q5_k': [{ model_type: 'qwen3', ...SIZES, head_dim: 64 }, 'Q5_K'],
} as const;
const IDS = Array.from({ length: 2 }, (_, row) =>
  Array.from({ length: 9 }, (_, i) => (row * 31 + i * 37) % 300),
);
const TEXTS = ['the cat ran', '  after\n\n"THE" mats, 1984!', 'naïve 日本 🙂 </s> the'];

vi.setConfig({ testTimeout: 600_000 });
const reason = noTransformers();

describe.skipIf(reason)(`files of gguf${reason ? `: ${reason}` : ''}`, () => {
  let gpu: Gpu;
  let place: string;
  let logits: ReadonlyMap<string, StoredTensor>;
  beforeAll(async () => {
    gpu = await softwareGpu();
    place = mkdtempSync(join(tmpdir(), 'gguf-'));
    runPython(SAVE, { place, text: TEXT, texts: TEXTS, ids: IDS, models: MODELS });
    logits = readSafetensors(readFileSync(join(place, 'logits.bin'))).tensors;
  }, 600_000);
  afterAll(() => {
    gpu?.[Symbol.dispose]();
    if (place) rmSync(place, { recursive: true, force: true });
  });

  const open = (name: string) =>
    openNodeFolder({ kind: 'path', path: join(place, `${name}.gguf`) });
  const truthOf = (name: string) => {
    const stored = logits.get(name) as StoredTensor;
    return { shape: stored.shape, data: float64Of(stored) };
  };

  test.each(Object.keys(MODELS))("%s has transformers' logits", async (name) => {
    using model = await loadLlama(gpu, await open(name), { length: 16 });
    using ids = Tensor.from(gpu, hostTensorFrom('i32', [2, 9], IDS.flat()));
    using tape = new Tape(gpu);
    const host = await model.forward(tape, { ids }).read();
    const own = { shape: host.shape, data: valuesOf(host) };
    const against = (other: string) => {
      const truth = truthOf(other);
      return judge(own, truth, limitOf('logits', truth), new Uint8Array(truth.data.length));
    };
    expect(against(name)).toMatchObject({ ok: true, compared: 18 * 320 });
    const others = Object.keys(MODELS).filter((other) => other !== name);
    expect(others.map((other) => against(other).ok)).toEqual(others.map(() => false));
    const linear = model.view('model.layers.1.self_attn.q_proj.weight');
    expect(isQuantized(linear)).toBe(!/f16$/.test(name));
  });

  test('its tokenizer has the ids of the Python library', async () => {
    const codec = await openTokenizer(await open('llama-q4_k'));
    const ids = JSON.parse(readFileSync(join(place, 'ids.json'), 'utf8'));
    expect(TEXTS.map((text) => codec.encode(text))).toEqual(ids);
  });
});

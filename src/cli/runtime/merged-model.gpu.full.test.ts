import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { Tape } from '../../autograd/tape.ts';
import { covers } from '../../catalog/covers.ts';
import { modelConfigIn } from '../../formats/hugging-face/model-folder.ts';
import { float64Of, type StoredTensor } from '../../formats/safetensors/stored.ts';
import { readSafetensors } from '../../formats/safetensors.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { filesIn } from '../../harness/worker/node-folder.ts';
import { UnfinishedFiles } from '../../harness/worker/unfinished-files.ts';
import type { Llama } from '../../models/llama/llama.ts';
import { loadLlama } from '../../models/llama/load.ts';
import { inFloats } from '../../models/llama/lora/merged-weight.ts';
import { judge } from '../../reference/judge.ts';
import { limitOf } from '../../reference/llama/limits.ts';
import { mergedTruth } from '../../reference/lora/merged.ts';
import type { Value } from '../../reference/record.ts';
import { type HostTensor, hostTensorFrom, valuesOf } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { continuedConfig } from '../../train/llama/config/continued-config.ts';
import {
  type AdapterSettings,
  trainingConfigOf,
} from '../../train/llama/config/read-training-config.ts';
import { fineTuneLlama } from '../../train/llama/fine-tune-llama.ts';
import { grownModel, linearAdapters, openModel } from '../../train/llama/open-model.ts';
import { readAdapter } from '../../train/llama/saved-adapter.ts';
import { MODEL_FORMS, type ModelFormName } from '../../train/llama/saved-model/forms.ts';
import { saveModel } from '../../train/llama/saved-model/save-model.ts';
import { noTransformers, runPython } from './fixtures/bridge-python.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** Models that are saved here load in transformers and gguf, with the weights that PEFT merges. */

/** Drawn models, adapters of PEFT over one of them, and what PEFT merges of these. */
const SAVE = `
import json, sys, torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast
from bitsandbytes.functional import dequantize_4bit, quantize_4bit
from peft import LoraConfig, PeftModel, get_peft_model
given = json.loads(sys.argv[1])
place = given["place"]
def tokenizer(folder):
    bytes_ = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made = Tokenizer(models.BPE())
    made.pre_tokenizer, made.decoder = bytes_, decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=280, special_tokens=["<s>", "</s>"], initial_alphabet=bytes_.alphabet())
    made.train_from_iterator([given["text"]], trainer)
    PreTrainedTokenizerFast(tokenizer_object=made, bos_token="<s>", eos_token="</s>").save_pretrained(folder)
torch.manual_seed(5)
for name, config in given["models"].items():
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(**config))
    with torch.no_grad():
        for part, x in model.named_parameters():
            x.copy_((torch.randn(x.shape) * 0.1 + (1 if "norm" in part else 0)).half().float())
    model.save_pretrained(place + "/" + name)
    tokenizer(place + "/" + name)
def base(coded):
    model = AutoModelForCausalLM.from_pretrained(place + "/llama", attn_implementation="eager", dtype=torch.float32)
    if coded:
        for name, x in model.named_parameters():
            if "_proj" in name:
                codes, state = quantize_4bit(x.data, quant_type="nf4", blocksize=64)
                x.data.copy_(dequantize_4bit(codes, state).reshape(x.shape))
    return model.eval()
for name, (coded, rules) in given["adapters"].items():
    adapted = get_peft_model(base(coded), LoraConfig(task_type="CAUSAL_LM", **rules))
    with torch.no_grad():
        for part, x in adapted.named_parameters():
            if "lora_B" in part:
                x.copy_(torch.randn(x.shape) * 0.1)
    adapted.save_pretrained(place + "/" + name)
    again = PeftModel.from_pretrained(base(coded), place + "/" + name)
    merged = {key: x.contiguous() for key, x in again.merge_and_unload().state_dict().items()}
    save_file(merged, place + "/" + name + ".merged")
`;

/** What transformers and gguf read of models that were saved here. */
const LOAD = `
import json, os, sys, torch
import gguf, numpy
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer
given = json.loads(sys.argv[1])
place, out = given["place"], {}
ids = (torch.arange(18) * 37 % 280).reshape(2, 9)
def logits(folder, **more):
    model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32, **more).eval()
    with torch.no_grad():
        return model, model(input_ids=ids).logits.contiguous()
for name, (source, file) in given["saved"].items():
    folder = place + "/" + name
    tokenizer = AutoTokenizer.from_pretrained(place + "/" + source)
    if file is None:
        assert not os.path.exists(folder + "/adapter_config.json")
        model, out[name] = logits(folder)
        own = AutoTokenizer.from_pretrained(folder)
        for key, x in model.state_dict().items():
            out[name + "/" + key] = x.contiguous()
    else:
        _, out[name] = logits(folder, gguf_file=file)
        own = AutoTokenizer.from_pretrained(folder, gguf_file=file)
        for tensor in gguf.GGUFReader(folder + "/" + file).tensors:
            x = gguf.dequantize(tensor.data, tensor.tensor_type)
            out[name + "/" + tensor.name] = torch.from_numpy(numpy.array(x, dtype=numpy.float32))
    assert own(given["text"]).input_ids == tokenizer(given["text"]).input_ids, name
    if source not in out:
        _, out[source] = logits(place + "/" + source)
save_file(out, place + "/loaded.bin")
`;

const TEXT = 'the cat sat on the mat, and the dog ran after the cat. '.repeat(3);
const SIZES = {
  ...{ vocab_size: 280, hidden_size: 64, intermediate_size: 128, num_hidden_layers: 2 },
  ...{ num_attention_heads: 4, num_key_value_heads: 2, max_position_embeddings: 32 },
};
const MODELS = {
  llama: { model_type: 'llama', ...SIZES, tie_word_embeddings: false },
  mistral: { model_type: 'mistral', ...SIZES, sliding_window: null },
  qwen2: { model_type: 'qwen2', ...SIZES, tie_word_embeddings: true },
  qwen3: { model_type: 'qwen3', ...SIZES, head_dim: 128 },
};
/** By name: whether the base is in codes, and PEFT's rules. Lines are whole blocks (docs/bridge.md). */
const ADAPTERS = {
  lora: [false, { r: 4, lora_alpha: 8, target_modules: ['q_proj', 'k_proj', 'down_proj'] }],
  rslora: [true, { r: 3, lora_alpha: 6, use_rslora: true, target_modules: 'all-linear' }],
  dora: [true, { r: 4, lora_alpha: 8, use_dora: true, target_modules: ['v_proj', 'up_proj'] }],
} as const;
const TYPES = { lora: 'lora', rslora: 'qlora', dora: 'bnb_dora' } as const;

vi.setConfig({ testTimeout: 600_000 });
const reason = noTransformers();

describe.skipIf(reason)(`models that were saved here${reason ? `: ${reason}` : ''}`, () => {
  const hostValue = (host: HostTensor): Value => ({ shape: host.shape, data: valuesOf(host) });
  let gpu: Gpu;
  let place: string;
  const read = (name: string) => readSafetensors(readFileSync(join(place, name))).tensors;
  const numbersOf = (stored: StoredTensor | undefined, what: string) => {
    if (!stored) throw new Error(`there is no ${what}`);
    return { shape: stored.shape, data: float64Of(stored) };
  };
  beforeAll(async () => {
    gpu = await softwareGpu();
    place = mkdtempSync(join(tmpdir(), 'merged-'));
    runPython(SAVE, { place, text: TEXT, models: MODELS, adapters: ADAPTERS });
  }, 600_000);
  afterAll(() => {
    gpu?.[Symbol.dispose]();
    if (place) rmSync(place, { recursive: true, force: true });
  });

  const write = async (
    name: string,
    form: ModelFormName,
    tuned: Omit<Parameters<typeof saveModel>[1], 'name'>,
  ) => {
    await using files = new UnfinishedFiles(join(place, name));
    await saveModel(gpu, { ...tuned, name }, MODEL_FORMS[form], files, { shardBytes: 60_000 });
    return await files.finish();
  };
  /** Saves the Llama with an adapter of PEFT's in it; returns what float32 may be off, by weight. */
  const merge = async (name: keyof typeof ADAPTERS, form: ModelFormName) => {
    const folder = await filesIn(join(place, 'llama'));
    const config = await modelConfigIn(folder);
    const { fields, values } = await readAdapter(await filesIn(join(place, name)));
    const given = trainingConfigOf({ type: TYPES[name], max_length: 16 });
    const training = continuedConfig(given, fields);
    using model = await openModel(gpu, { folder, config }, training, values);
    const adapters = linearAdapters(config, training.adapter as AdapterSettings);
    const files = await write(`${name}-${form}`, form, { model, folder, config, adapters });
    const bounds = new Map<string, Float64Array>();
    for (const [module, adapter] of adapters) {
      const part = (end: string) => hostValue(values.get(`${module}.${end}`) as HostTensor);
      using tape = new Tape(gpu);
      const base = inFloats(tape, model.view(`${module}.weight`), module);
      const magnitude = adapter.use_dora ? { magnitude: part('magnitude') } : {};
      const parts = { lora_A: part('lora_A'), lora_B: part('lora_B'), ...magnitude };
      const weight = hostValue(await base.read());
      bounds.set(`${module}.weight`, mergedTruth({ weight, ...parts }, adapter).bound);
    }
    return { files, bounds };
  };

  test(
    'PEFT merges the same weights, and transformers loads the folder',
    covers('fsdp.training.save-model-merged/loads-in-python').control(
      'tensors are elsewhere than the header says',
      {
        file: 'src/formats/safetensors/layout.ts',
        from: 'data_offsets: [from, end]',
        to: 'data_offsets: [from + 8, end + 8]',
      },
    ),
    async () => {
      const saved: Record<string, [string, null]> = {};
      const bounds = new Map<string, ReadonlyMap<string, Float64Array>>();
      const forms = { 'merged-float32': 0, 'merged-bfloat16': 2 ** -8 } as const;
      for (const name of Object.keys(ADAPTERS) as (keyof typeof ADAPTERS)[])
        for (const form of Object.keys(forms) as (keyof typeof forms)[]) {
          const merged = await merge(name, form);
          expect(merged.files).toContain('model.safetensors.index.json');
          bounds.set(name, merged.bounds);
          saved[`${name}-${form}`] = ['llama', null];
        }
      runPython(LOAD, { place, text: TEXT, saved });
      const loaded = read('loaded.bin');
      const names = [...read('llama/model.safetensors').keys()].sort();
      for (const name of Object.keys(ADAPTERS)) {
        const theirs = read(`${name}.merged`);
        expect([...theirs.keys()].sort()).toEqual(names);
        for (const [key, stored] of theirs)
          for (const [form, step] of Object.entries(forms)) {
            const truth = numbersOf(stored, key);
            const own = bounds.get(name)?.get(key);
            // Each of both is as far from the truth at most.
            const bound = truth.data.map(
              (x, i) => 2 * (own?.[i] ?? 0) + 1.001 * step * Math.abs(x),
            );
            const actual = numbersOf(loaded.get(`${name}-${form}/${key}`), key);
            const verdict = judge(
              actual,
              truth,
              { kind: 'within', bound },
              new Uint8Array(bound.length),
            );
            expect(verdict, `${name} ${form} ${key}`).toMatchObject({ ok: true });
          }
      }
    },
  );

  test('GGUF files have the merged weights, and transformers reads model and tokenizer of them', async () => {
    await merge('lora', 'merged-float32');
    await merge('lora', 'gguf-f16');
    await merge('lora', 'gguf-q8_0');
    const saved: Record<string, [string, string | null]> = {
      'lora-merged-float32': ['llama', null],
      'lora-gguf-f16': ['llama', 'model-f16.gguf'],
      'lora-gguf-q8_0': ['llama', 'model-q8_0.gguf'],
    };
    for (const family of ['mistral', 'qwen2', 'qwen3']) {
      const folder = await filesIn(join(place, family));
      const config = await modelConfigIn(folder);
      using model = await loadLlama(gpu, folder, { length: 8 });
      await write(`${family}-gguf`, 'gguf-f16', { model, folder, config, adapters: new Map() });
      saved[`${family}-gguf`] = [family, 'model-f16.gguf'];
    }
    runPython(LOAD, { place, text: TEXT, saved });
    const loaded = read('loaded.bin');
    const logits = (name: string) => numbersOf(loaded.get(name), name);
    const verdict = (name: string, truth: string) => {
      const expected = logits(truth);
      return judge(
        logits(name),
        expected,
        limitOf('logits', expected),
        new Uint8Array(expected.data.length),
      );
    };
    // Their weights are halves already.
    for (const family of ['mistral', 'qwen2', 'qwen3'])
      expect(verdict(`${family}-gguf`, family), family).toMatchObject({ ok: true });
    const merged = (key: string) => numbersOf(loaded.get(`lora-merged-float32/${key}`), key);
    const down = merged('model.layers.1.mlp.down_proj.weight');
    const steps = { 'gguf-f16': () => 2 ** -11, 'gguf-q8_0': () => 1 / 254 + 2 ** -11 };
    for (const [form, share] of Object.entries(steps)) {
      const name = 'blk.1.ffn_down.weight';
      const own = numbersOf(loaded.get(`lora-${form}/${name}`), name);
      const off = down.data.findIndex((x, i) => {
        const block = down.data.subarray(i - (i % 32), i - (i % 32) + 32);
        const largest = block.reduce((most, y) => Math.max(most, Math.abs(y)), 0);
        return Math.abs(x - (own.data[i] as number)) > 1.001 * share() * largest;
      });
      expect(off, form).toBe(-1);
    }
  });

  test('a model with a block that was added and trained has the same logits in transformers', async () => {
    const folder = await filesIn(join(place, 'qwen3'));
    const model = await modelConfigIn(folder);
    const config = trainingConfigOf({
      ...{ type: 'bnb_llama_pro', expansion_rate: 0.5, max_steps: 3, learning_rate: 0.01 },
      ...{ max_length: 9, heldout_fraction: 0, judge_steps: 0 },
    });
    const ids = Array.from({ length: 18 }, (_, i) => (i * 37) % 280);
    const texts = [{ ids: ids.slice(0, 9), asked: Array.from({ length: 9 }, () => true) }];
    let own: Value | undefined;
    const finish = async (tuned: Llama) => {
      const { grown } = grownModel(model, config);
      await write('pro', 'merged-float32', {
        ...{ model: tuned, folder, config: grown, adapters: new Map() },
      });
      using input = Tensor.from(gpu, hostTensorFrom('i32', [2, 9], ids));
      using tape = new Tape(gpu);
      own = hostValue(await tuned.forward(tape, { ids: input }).read());
    };
    const run = fineTuneLlama(
      gpu,
      { folder, model, texts, config },
      { judge: async () => 0, finish },
    );
    while (!(await run.next()).done);
    runPython(LOAD, { place, text: TEXT, saved: { pro: ['qwen3', null] } });
    const loaded = read('loaded.bin');
    expect(loaded.has('pro/model.layers.2.mlp.up_proj.weight')).toBe(true);
    const theirs = numbersOf(loaded.get('pro'), 'pro');
    const against = (actual: Value) =>
      judge(actual, theirs, limitOf('logits', theirs), new Uint8Array(theirs.data.length));
    expect(against(own as Value)).toMatchObject({ ok: true, compared: 18 * 280 });
    expect(against(numbersOf(loaded.get('qwen3'), 'qwen3'))).toMatchObject({ ok: false });
  });
});

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { Tape } from '../../autograd/tape.ts';
import type { LabelledTokens } from '../../data/labelled-tokens.ts';
import { modelConfigIn } from '../../formats/hugging-face/model-folder.ts';
import { float64Of } from '../../formats/safetensors/stored.ts';
import { readSafetensors } from '../../formats/safetensors.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { filesIn } from '../../harness/worker/node-folder.ts';
import { loadLlama } from '../../models/llama/load.ts';
import { isQuantized } from '../../quant/weight.ts';
import { judge } from '../../reference/judge.ts';
import { limitOf } from '../../reference/llama/limits.ts';
import { hostTensorFrom, valuesOf } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { continuedConfig } from '../../train/llama/config/continued-config.ts';
import type { AdapterSettings } from '../../train/llama/config/read-training-config.ts';
import { trainingConfigOf } from '../../train/llama/config/read-training-config.ts';
import { fineTuneLlama } from '../../train/llama/fine-tune-llama.ts';
import { linearAdapters, openModel, tunedConfig } from '../../train/llama/open-model.ts';
import { readAdapter, savedAdapter } from '../../train/llama/saved-adapter.ts';
import { checkForm } from '../../train/llama/saved-model/check-form.ts';
import { MODEL_FORMS } from '../../train/llama/saved-model/forms.ts';
import { saveModel } from '../../train/llama/saved-model/save-model.ts';
import { noTransformers, runPython } from './fixtures/bridge-python.ts';
import { KeptFiles } from './fixtures/kept-files.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/**
 * What PEFT trains beside adapters is trained here alike, over a model of transformers and a base that
 * bitsandbytes quantized twice: from the same start, step by step, and saved by the same names.
 */

const STEPS = 12;
const RATE = 0.01;
const ROWS = 3;
const LENGTH = 9;
const VOCABULARY = 96;

/** Each run: its model, whether the base is in 4 bits with scales in 8, and PEFT's rules. */
const RUN = `
import json, sys, torch
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM, BitsAndBytesConfig
from peft import LoraConfig, get_peft_model
given = json.loads(sys.argv[1])
place = given["place"]
torch.manual_seed(11)
ids = torch.randint(0, given["vocabulary"], (given["rows"], given["length"]))
out = {"ids": ids.int()}
for kind, fields in given["models"].items():
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(hidden_size=64, intermediate_size=128, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=32, vocab_size=given["vocabulary"], **fields))
    with torch.no_grad():
        for name, x in model.named_parameters():
            x.copy_(torch.randn(x.shape) * 0.1 + (1 if "norm" in name else 0))
    model.save_pretrained(f"{place}/{kind}")
for name, (kind, coded, rules, _) in given["runs"].items():
    codes = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=torch.float32)
    model = AutoModelForCausalLM.from_pretrained(f"{place}/{kind}", attn_implementation="eager", dtype=torch.float32,
        **({"quantization_config": codes} if coded else {}))
    if coded:
        model.save_pretrained(f"{place}/{name}/model")
    adapted = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", r=4, lora_alpha=8, **rules))
    with torch.no_grad():
        for part, x in adapted.named_parameters():
            if "lora_B" in part:
                x.copy_(torch.randn(x.shape) * 0.1)
    adapted.save_pretrained(f"{place}/{name}/start")
    # In evaluation bitsandbytes multiplies by halves on a CPU.
    adapted.train()
    trained = [x for x in adapted.parameters() if x.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=given["rate"], weight_decay=0)
    losses = []
    for step in range(given["steps"]):
        loss = adapted(input_ids=ids, labels=ids).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        losses.append(loss.item())
    out[name] = torch.tensor(losses, dtype=torch.float64)
    adapted.save_pretrained(f"{place}/{name}/end")
    if not coded:
        adapted.eval()
        with torch.no_grad():
            out[name + " logits"] = adapted(input_ids=ids).logits.contiguous()
save_file(out, f"{place}/losses.bin")
`;

const MODELS = {
  biased: { model_type: 'llama', attention_bias: true, mlp_bias: true, tie_word_embeddings: false },
  qwen: { model_type: 'qwen2', tie_word_embeddings: false },
  tied: { model_type: 'qwen3', tie_word_embeddings: true },
};
const ATTENTION = ['q_proj', 'v_proj'];
/** By name: the model, whether its base is in codes, PEFT's rules, and the type here. */
const RUNS = {
  'all biases': ['biased', false, { bias: 'all', target_modules: ATTENTION }, 'lora'],
  'biases of adapted linears': [
    'biased',
    false,
    { bias: 'lora_only', target_modules: ['q_proj', 'down_proj'], use_dora: true },
    'lora',
  ],
  'biases over codes': ['qwen', true, { bias: 'all', target_modules: ATTENTION }, 'qlora'],
  'biases within adapters': [
    'biased',
    false,
    { lora_bias: true, target_modules: ['q_proj', 'down_proj'], use_rslora: true },
    'lora',
  ],
  'biases within adapters over codes': [
    'qwen',
    true,
    { lora_bias: true, target_modules: ATTENTION },
    'qlora',
  ],
  'linears of blocks': [
    'qwen',
    false,
    { modules_to_save: ['k_proj', 'layers.1.mlp.down_proj'], target_modules: ATTENTION },
    'lora',
  ],
  'head and norms': [
    'qwen',
    false,
    { modules_to_save: ['lm_head', 'norm'], target_modules: ATTENTION },
    'custom_lora',
  ],
  'embeddings of a tied model': [
    'tied',
    false,
    { modules_to_save: ['embed_tokens'], target_modules: ATTENTION },
    'lora',
  ],
  'head of a tied model': [
    'tied',
    false,
    { modules_to_save: ['lm_head'], target_modules: ATTENTION },
    'lora',
  ],
  'adapters over codes': ['biased', true, { target_modules: 'all-linear' }, 'qlora'],
  'magnitudes over codes': [
    'qwen',
    true,
    { target_modules: ATTENTION, use_dora: true },
    'bnb_dora',
  ],
} as const;
type Run = keyof typeof RUNS;
const KEY_BIAS = /k_proj\b.*\.bias$/;

/** On a busy machine a training takes a minute. */
vi.setConfig({ testTimeout: 600_000 });

const reason = noTransformers();

describe.skipIf(reason)(`beside PEFT${reason ? `: ${reason}` : ''}`, () => {
  let gpu: Gpu;
  let place: string;
  const stored = (path: string) => readSafetensors(readFileSync(join(place, path))).tensors;
  const recorded = (name: string): Float64Array => {
    const found = stored('losses.bin').get(name);
    if (!found) throw new Error(`nothing was recorded of ${name}`);
    return float64Of(found);
  };
  beforeAll(async () => {
    gpu = await softwareGpu();
    place = mkdtempSync(join(tmpdir(), 'peft-settings-'));
    runPython(RUN, {
      ...{ place, models: MODELS, runs: RUNS, steps: STEPS, rate: RATE },
      ...{ rows: ROWS, length: LENGTH, vocabulary: VOCABULARY },
    });
  }, 600_000);
  afterAll(() => {
    gpu?.[Symbol.dispose]();
    if (place) rmSync(place, { recursive: true, force: true });
  });

  /** The run that goes on here from where PEFT's began. */
  const started = async (name: Run) => {
    const [kind, coded, , type] = RUNS[name];
    const folder = await filesIn(join(place, coded ? join(name, 'model') : kind));
    const { fields, values } = await readAdapter(await filesIn(join(place, name, 'start')));
    const given = trainingConfigOf({
      ...{ type, max_length: LENGTH, per_device_train_batch_size: ROWS, max_steps: STEPS },
      ...{ learning_rate: RATE, lr_scheduler_type: 'constant', heldout_fraction: 0 },
      judge_steps: 0,
    });
    const config = continuedConfig(given, fields);
    const ids = recorded('ids');
    const texts: LabelledTokens[] = Array.from({ length: ROWS }, (_, row) => {
      const own = [...ids.subarray(row * LENGTH, (row + 1) * LENGTH)];
      return { ids: own, asked: own.map(() => true) };
    });
    return { folder, model: await modelConfigIn(folder), texts, config, saved: values };
  };

  test.each(Object.keys(RUNS) as Run[])('%s: the same losses and values', async (name) => {
    const training = await started(name);
    const run = fineTuneLlama(gpu, training, { judge: async () => 0 });
    const losses: number[] = [];
    let next = await run.next();
    for (; !next.done; next = await run.next())
      if (next.value.type === 'step') losses.push(next.value.loss);
    // Limits of recorded runs (src/reference/llama/limits.ts).
    const theirs = recorded(name);
    expect(losses).toHaveLength(STEPS);
    losses.forEach((loss, step) => {
      const limit = 1e-4 * (theirs[step] as number) + 1e-6;
      expect(Math.abs(loss - (theirs[step] as number)), `step ${step + 1}`).toBeLessThan(limit);
    });
    const files = savedAdapter(next.value.trained, training.config.adapter as never, null);
    const weights = files.find(({ name: file }) => file === 'adapter_model.safetensors');
    const ours = readSafetensors(weights?.data as Uint8Array).tensors;
    const end = stored(join(name, 'end', 'adapter_model.safetensors'));
    const start = stored(join(name, 'start', 'adapter_model.safetensors'));
    expect([...ours.keys()].sort()).toEqual([...end.keys()].sort());
    for (const [key, tensor] of end) {
      const [truth, own, before] = [tensor, ours.get(key), start.get(key)].map((each) =>
        float64Of(each as NonNullable<typeof each>),
      ) as [Float64Array, Float64Array, Float64Array];
      const largest = truth.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      const apart = (a: Float64Array) =>
        a.reduce((most, x, i) => Math.max(most, Math.abs(x - (truth[i] as number))), 0);
      // What a key's bias adds to the logits of a query is nearly the same for all keys, which softmax
      // leaves out: of its gradient roundings alone remain, and AdamW makes whole steps of them.
      if (!KEY_BIAS.test(key)) expect(apart(own), key).toBeLessThan(1e-3 * largest);
      // It has moved by far more than that.
      expect(apart(before), key).toBeGreaterThan(1e-2 * largest);
    }
  });

  /** Merges what PEFT has trained, and holds the logits of the saved model against PEFT's. */
  const merged = async (name: Run): Promise<KeptFiles> => {
    const { folder, model, config } = await started(name);
    const { values } = await readAdapter(await filesIn(join(place, name, 'end')));
    await checkForm(folder, model, 'merged-float32', config.adapter);
    using tuned = await openModel(gpu, { folder, config: model }, config, values);
    const files = new KeptFiles();
    const saved = {
      ...{ model: tuned, folder, name: 'tuned', config: tunedConfig(model, config) },
      adapters: linearAdapters(model, config.adapter as AdapterSettings),
    };
    await saveModel(gpu, saved, MODEL_FORMS['merged-float32'], files);
    using whole = await loadLlama(gpu, files.folder, { length: LENGTH });
    const shape = [ROWS, LENGTH, VOCABULARY];
    const truth = { shape, data: recorded(`${name} logits`) };
    using ids = Tensor.from(gpu, hostTensorFrom('i32', [ROWS, LENGTH], recorded('ids')));
    using tape = new Tape(gpu);
    const logits = valuesOf(await whole.forward(tape, { ids }).read());
    const own = { shape, data: Float64Array.from(logits) };
    const unjudged = new Uint8Array(own.data.length);
    expect(judge(own, truth, limitOf('logits', truth), unjudged)).toMatchObject({
      ...{ ok: true, compared: ROWS * LENGTH * VOCABULARY },
    });
    return files;
  };

  test.each(['embeddings of a tied model', 'head of a tied model'] as const)(
    'merged with the %s, it has a head of its own and the same logits',
    async (name) => {
      const { folder } = await merged(name);
      expect((await modelConfigIn(folder)).tied).toBe(false);
    },
  );

  test.each(['biases within adapters', 'linears of blocks'] as const)(
    'merged with %s, a model has the same logits',
    async (name) => void (await merged(name)),
  );

  test('a bias within an adapter that has none to be merged into is told before', async () => {
    const { folder, model } = await started('linears of blocks');
    const { adapter } = trainingConfigOf({
      ...{ type: 'lora', lora: { lora_bias: true, target_modules: ['q_proj', 'o_proj'] } },
    });
    await expect(checkForm(folder, model, 'merged', adapter)).rejects.toThrow(
      'model.layers.0.self_attn.o_proj has no bias that the one of its adapter could be added to',
    );
  });

  test('scales that a folder has in 8 bits stay so on the device', async () => {
    const { folder, model, config, saved } = await started('adapters over codes');
    using opened = await openModel(gpu, { folder, config: model }, config, saved);
    const name = 'model.layers.1.mlp.up_proj.weight';
    const value = opened.view(name);
    if (!isQuantized(value)) throw new Error(`${name} is in floats`);
    const bytes = Object.fromEntries(
      Object.entries(value.parts).map(([part, { bytes: size }]) => [part, size]),
    );
    expect(bytes).toEqual({
      packed: (128 * 64) / 2,
      absmax_q: (128 * 64) / 64,
      nested_absmax: 4,
      nested_offset: 4,
      code: 1024,
    });
    const files = stored('adapters over codes/model/model.safetensors');
    const codes = await value.parts['absmax_q']?.read();
    expect([...valuesOf(codes as NonNullable<typeof codes>)]).toEqual([
      ...float64Of(files.get(`${name}.absmax`) as NonNullable<ReturnType<typeof files.get>>),
    ]);
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { covers } from '../../catalog/covers.ts';
import type { Examples } from '../../data/examples.ts';
import type { LabelledTokens } from '../../data/labelled-tokens.ts';
import { modelConfigIn } from '../../formats/hugging-face/model-folder.ts';
import type { ModelFolder } from '../../formats/hugging-face/shards.ts';
import { openTokenizer } from '../../formats/hugging-face/tokenizer.ts';
import { partsOfBlob } from '../../formats/part-file.ts';
import { encodeTexts } from '../../formats/text-data/encode.ts';
import { readTextData } from '../../formats/text-data.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { filesIn } from '../../harness/worker/node-folder.ts';
import type { Value } from '../../reference/record.ts';
import { wrapSeam } from '../../seam.ts';
import { type HostTensors, hostTensorFrom } from '../../tensor/host.ts';
import { continuedConfig } from '../../train/llama/config/continued-config.ts';
import {
  type LlamaTrainingConfig,
  trainingConfigOf,
} from '../../train/llama/config/read-training-config.ts';
import { fineTuneLlama } from '../../train/llama/fine-tune-llama.ts';
import type { LlamaTuned } from '../../train/llama/llama-training.ts';
import { readAdapter, savedAdapter } from '../../train/llama/saved-adapter.ts';
import { boundsBetween, logitsWith, storedIn, verdictOf } from './fixtures/adapter-logits.ts';
import { noTransformers, runPython } from './fixtures/bridge-python.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** Adapters that were trained here load in PEFT, PEFT's load here, and both give the same logits. */

const TEXT = 'the cat sat on the mat, and the dog ran after the cat. '.repeat(12);

/** What both programs share: the base in float32, or in the float32 that its codes stand for. */
const BASE = `
import json, sys, torch
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM
from bitsandbytes.functional import dequantize_4bit, quantize_4bit
from peft import LoraConfig, PeftModel, get_peft_model
given = json.loads(sys.argv[1])
def base(folder, coded):
    model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32).eval()
    if coded:
        for name, x in model.named_parameters():
            if "_proj" in name:
                codes, state = quantize_4bit(x.data, quant_type="nf4", blocksize=64)
                x.data.copy_(dequantize_4bit(codes, state).reshape(x.shape))
    return model
`;

/** A folder with a tokenizer, adapters that PEFT saved, and what the models say of some ids. */
const SAVE = `${BASE}
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast
folder, text, adapters = given["folder"], given["text"], given["adapters"]
bytes_ = pre_tokenizers.ByteLevel(add_prefix_space=False)
tokenizer = Tokenizer(models.BPE())
tokenizer.pre_tokenizer, tokenizer.decoder = bytes_, decoders.ByteLevel()
trainer = trainers.BpeTrainer(vocab_size=280, special_tokens=["<s>", "</s>"], initial_alphabet=bytes_.alphabet())
tokenizer.train_from_iterator([text], trainer)
PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>").save_pretrained(folder)
torch.manual_seed(5)
config = AutoConfig.for_model("llama", vocab_size=280, hidden_size=64, intermediate_size=128, num_hidden_layers=2,
    num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=32, tie_word_embeddings=False)
model = AutoModelForCausalLM.from_config(config)
with torch.no_grad():
    for name, x in model.named_parameters():
        x.copy_(torch.randn(x.shape) * 0.1 + (1 if "norm" in name else 0))
model.save_pretrained(folder)
ids = torch.randint(0, 280, (2, 9))
out = {"ids": ids.int()}
with torch.no_grad():
    plain = base(folder, False)(input_ids=ids, labels=ids)
    out["logits"], out["loss"] = plain.logits.contiguous(), plain.loss.reshape(1)
    for name, (coded, rules) in adapters.items():
        adapted = get_peft_model(base(folder, coded), LoraConfig(task_type="CAUSAL_LM", **rules))
        for part, x in adapted.named_parameters():
            if "lora_B" in part:
                x.copy_(torch.randn(x.shape) * 0.2)
        adapted.eval()
        out[name] = adapted(input_ids=ids).logits.contiguous()
        adapted.save_pretrained(given["place"] + "/" + name)
save_file(out, given["place"] + "/expected.bin")
`;

/** What PEFT says with adapters that were trained here. */
const LOAD = `${BASE}
ids = torch.tensor(given["ids"]).reshape(2, 9)
out = {}
for name, coded in given["adapters"].items():
    adapted = PeftModel.from_pretrained(base(given["folder"], coded), given["place"] + "/" + name).eval()
    with torch.no_grad():
        out[name] = adapted(input_ids=ids).logits.contiguous()
save_file(out, given["place"] + "/loaded.bin")
`;

/** By name: whether the base is in codes, and PEFT's rules. */
const OF_PEFT = {
  'peft-lora': [
    false,
    { r: 4, lora_alpha: 8, target_modules: ['q_proj', 'down_proj'], rank_pattern: { q_proj: 2 } },
  ],
  'peft-qlora': [true, { r: 3, lora_alpha: 6, use_rslora: true, target_modules: 'all-linear' }],
  'peft-dora': [
    true,
    { r: 4, lora_alpha: 8, use_dora: true, target_modules: ['v_proj', 'up_proj'] },
  ],
} as const;
const TYPES = { 'peft-lora': 'lora', 'peft-qlora': 'qlora', 'peft-dora': 'bnb_dora' } as const;

const settings = (type: string, more: object = {}): LlamaTrainingConfig =>
  trainingConfigOf({
    ...{ type, max_length: 16, per_device_train_batch_size: 4, max_steps: 25, judge_steps: 0 },
    ...{ learning_rate: 0.02, warmup_steps: 2, seed: 3, ...more },
  });
const adapted = { lora: { r: 4, lora_alpha: 8, target_modules: 'all-linear' } };

/** On a busy machine a training takes a minute. */
vi.setConfig({ testTimeout: 600_000 });

const reason = noTransformers();

describe.skipIf(reason)(`adapters of PEFT${reason ? `: ${reason}` : ''}`, () => {
  let gpu: Gpu;
  let place: string;
  let folder: ModelFolder;
  let texts: readonly LabelledTokens[];
  const expected = (name: string, file = 'expected.bin') => storedIn(join(place, file), name);
  beforeAll(async () => {
    gpu = await softwareGpu();
    place = mkdtempSync(join(tmpdir(), 'peft-'));
    const own = join(place, 'model');
    runPython(SAVE, { folder: own, place, text: TEXT, adapters: OF_PEFT });
    folder = await filesIn(own);
    const data = await readTextData(partsOfBlob(new Blob([TEXT])));
    texts = encodeTexts(data, await openTokenizer(folder), { length: 16 }).items;
  }, 600_000);
  afterAll(() => {
    gpu?.[Symbol.dispose]();
    if (place) rmSync(place, { recursive: true, force: true });
  });

  const train = async (config: LlamaTrainingConfig, saved?: HostTensors) => {
    const model = await modelConfigIn(folder);
    const values = saved && new Map(Object.entries(saved));
    const run = fineTuneLlama(
      gpu,
      { folder, model, texts, config, saved: values },
      { judge: async () => 0 },
    );
    const losses: number[] = [];
    let next = await run.next();
    for (; !next.done; next = await run.next())
      if (next.value.type === 'step') losses.push(next.value.loss);
    return { losses, tuned: next.value };
  };
  const said = (config: LlamaTrainingConfig, trained: HostTensors): Promise<Value> =>
    logitsWith(gpu, { folder, config }, new Map(Object.entries(trained)), expected('ids'));
  const fell = ({ heldoutBefore = 0, heldoutAfter = 0 }: LlamaTuned) =>
    heldoutAfter < heldoutBefore;

  test(
    'what was trained here gives PEFT the same logits, over floats and over codes',
    covers('fsdp.training.type-lora/peft-logits').control(
      'the factor of a saved adapter is another',
      {
        file: 'src/train/llama/saved-adapter.ts',
        from: 'lora_alpha: rules.lora_alpha,',
        to: 'lora_alpha: 2 * rules.lora_alpha,',
      },
    ),
    async () => {
      const ours: Record<string, Value> = {};
      const adapters = { lora: false, qlora: true, bnb_dora: true, custom_lora: false };
      for (const type of Object.keys(adapters)) {
        const config = settings(type, adapted);
        const { tuned } = await train(config);
        expect(fell(tuned), type).toBe(true);
        ours[type] = await said(config, tuned.trained);
        await mkdir(join(place, type));
        for (const { name, data } of savedAdapter(tuned.trained, config.adapter as never, null))
          writeFileSync(join(place, type, name), data);
      }
      const { data } = expected('ids');
      runPython(LOAD, { folder: join(place, 'model'), place, ids: [...data], adapters });
      for (const [type, actual] of Object.entries(ours)) {
        const theirs = expected(type, 'loaded.bin');
        expect(verdictOf(actual, theirs), type).toMatchObject({ ok: true, compared: 2 * 9 * 280 });
        expect(boundsBetween(theirs, expected('logits')), type).toBeGreaterThan(100);
      }
    },
  );

  test.each(Object.entries(TYPES))(
    'what PEFT saved gives the same logits here and is gone on from: %s',
    async (name, type) => {
      const { fields, values } = await readAdapter(await filesIn(join(place, name)));
      const config = continuedConfig(settings(type, { max_steps: 6 }), fields);
      const saved = Object.fromEntries(values);
      const truth = expected(name);
      expect(verdictOf(await said(config, saved), truth)).toMatchObject({ ok: true });
      expect(boundsBetween(truth, expected('logits'))).toBeGreaterThan(100);
      const { tuned, losses } = await train(config, saved);
      expect(losses).toHaveLength(6);
      expect(fell(tuned)).toBe(true);
    },
  );

  test('an adapter that is not trained moves nothing', async () => {
    using _ = wrapSeam('train.llama.frozen', () => () => true);
    const config = settings('qlora', { ...adapted, max_steps: 3 });
    const { tuned } = await train(config);
    expect(fell(tuned)).toBe(false);
    const still = await said(config, tuned.trained);
    const start = await said(
      {
        ...config,
        adapter: { ...config.adapter, rules: { ...config.adapter?.rules, lora_alpha: 1 } },
      } as never,
      tuned.trained,
    );
    expect(boundsBetween(still, start)).toBe(0);
  });

  test('the loss is that of transformers, and with labels a place too early another', async () => {
    const { shape, data } = expected('ids');
    const own: LabelledTokens[] = Array.from({ length: shape[0] as number }, (_, row) => {
      const ids = [...data.subarray(row * 9, (row + 1) * 9)];
      return { ids, asked: ids.map(() => true) };
    });
    const lossOf = async () => {
      const model = await modelConfigIn(folder);
      const config = settings('lora', { max_steps: 1, heldout_fraction: 0 });
      const run = fineTuneLlama(
        gpu,
        { folder, model, texts: own, config: { ...config, batchSize: 2 } },
        { judge: async () => 0 },
      );
      for (let next = await run.next(); !next.done; next = await run.next())
        if (next.value.type === 'step') return next.value.loss;
      return Number.NaN;
    };
    const theirs = expected('loss').data[0] as number;
    // That of the losses of recorded runs (src/reference/llama/limits.ts).
    const bound = 1e-4 * theirs;
    expect(Math.abs((await lossOf()) - theirs)).toBeLessThan(bound);
    using _ = wrapSeam('train.llama.collated', (original) => (given) => {
      const { inputs, labels }: Examples = original(given);
      const moved = labels.data.map((_, i) => labels.data[(i + 1) % labels.data.length] as number);
      return { inputs, labels: hostTensorFrom('i32', labels.shape, moved as Int32Array) };
    });
    expect(Math.abs((await lossOf()) - theirs)).toBeGreaterThan(10 * bound);
  });

  test.each(['full', 'hqq_lora', 'hqq_dora', 'custom_qlora'])(
    'the loss falls by type %s',
    async (type) => {
      const config = settings(type, { ...(type === 'full' ? { learning_rate: 2e-3 } : adapted) });
      const { tuned, losses } = await train(config);
      expect(losses).toHaveLength(25);
      expect(fell(tuned)).toBe(true);
    },
  );
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LabelledTokens } from '../../data/labelled-tokens.ts';
import { modelConfigIn } from '../../formats/hugging-face/model-folder.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { filesIn } from '../../harness/worker/node-folder.ts';
import type { Value } from '../../reference/record.ts';
import { continuedConfig } from '../../train/llama/config/continued-config.ts';
import {
  type AdapterSettings,
  trainingConfigOf,
} from '../../train/llama/config/read-training-config.ts';
import { fineTuneLlama } from '../../train/llama/fine-tune-llama.ts';
import { readAdapter, savedAdapter } from '../../train/llama/saved-adapter.ts';
import { boundsBetween, logitsWith, storedIn, verdictOf } from './fixtures/adapter-logits.ts';
import { noTransformers, runPython } from './fixtures/bridge-python.ts';
import { RECORDED_MODEL, recordedFolder, recordedValue } from './fixtures/recorded-adapters.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** One adapter each way, in every run of the tests; `peft-adapter.gpu.full.test.ts` has the others. */

/** Loads the adapter that was trained here, and saves one of PEFT's own. */
const BOTH = `
import json, sys, torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM
from peft import LoraConfig, PeftModel, get_peft_model
given = json.loads(sys.argv[1])
place, ids = given["place"], torch.tensor(given["ids"]).reshape(2, 9)
base = lambda: AutoModelForCausalLM.from_pretrained(given["model"], attn_implementation="eager", dtype=torch.float32)
loaded = PeftModel.from_pretrained(base(), place + "/ours").eval()
theirs = get_peft_model(base(), LoraConfig(r=3, lora_alpha=5, target_modules=["k_proj", "gate_proj"], init_lora_weights=False))
theirs.eval().save_pretrained(place + "/theirs")
with torch.no_grad():
    save_file({name: model(input_ids=ids).logits.contiguous() for name, model in {"ours": loaded, "theirs": theirs}.items()}, place + "/logits.bin")
`;

const LENGTH = 9;
const config = trainingConfigOf({
  ...{ type: 'lora', max_length: LENGTH, per_device_train_batch_size: 2, max_steps: 4, seed: 3 },
  ...{ learning_rate: 0.05, heldout_fraction: 0, judge_steps: 0 },
  lora: { r: 2, lora_alpha: 4, use_rslora: true, target_modules: 'all-linear' },
});

const reason = noTransformers();

describe.skipIf(reason)(`beside PEFT${reason ? `: ${reason}` : ''}`, () => {
  const ids = recordedValue('ids');
  let gpu: Gpu;
  let place: string;
  let ours: Value;
  const said = (name: string) => storedIn(join(place, 'logits.bin'), name);

  beforeAll(async () => {
    gpu = await softwareGpu();
    place = mkdtempSync(join(tmpdir(), 'peft-both-ways-'));
    const folder = await recordedFolder('model');
    const texts: LabelledTokens[] = [0, LENGTH].map((first) => {
      const own = [...ids.data.subarray(first, first + LENGTH)];
      return { ids: own, asked: own.map(() => true) };
    });
    const training = { folder, model: await modelConfigIn(folder), texts, config };
    const run = fineTuneLlama(gpu, training, { judge: async () => 0 });
    let next = await run.next();
    while (!next.done) next = await run.next();
    const { trained } = next.value;
    ours = await logitsWith(gpu, { folder, config }, new Map(Object.entries(trained)), ids);
    await mkdir(join(place, 'ours'));
    for (const { name, data } of savedAdapter(trained, config.adapter as AdapterSettings, null))
      writeFileSync(join(place, 'ours', name), data);
    runPython(BOTH, { place, model: RECORDED_MODEL, ids: [...ids.data] });
  }, 300_000);
  afterAll(() => {
    gpu?.[Symbol.dispose]();
    if (place) rmSync(place, { recursive: true, force: true });
  });

  test('an adapter that was trained here gives PEFT the same logits', () => {
    expect(verdictOf(ours, said('ours'))).toMatchObject({ ok: true, compared: 2 * 9 * 32 });
    expect(boundsBetween(said('ours'), recordedValue('logits'))).toBeGreaterThan(100);
  });

  test('an adapter that PEFT saved gives the same logits here', async () => {
    const { fields, values } = await readAdapter(await filesIn(join(place, 'theirs')));
    const theirs = {
      folder: await recordedFolder('model'),
      config: continuedConfig(config, fields),
    };
    const logits = await logitsWith(gpu, theirs, values, ids);
    expect(verdictOf(logits, said('theirs'))).toMatchObject({ ok: true, compared: 2 * 9 * 32 });
    expect(boundsBetween(said('theirs'), recordedValue('logits'))).toBeGreaterThan(100);
  });
});

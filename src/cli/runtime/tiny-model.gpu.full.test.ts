import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Tape } from '../../autograd/tape.ts';
import { covers } from '../../catalog/covers.ts';
import { float64Of } from '../../formats/safetensors/stored.ts';
import { writeSafetensors } from '../../formats/safetensors/write.ts';
import { readSafetensors } from '../../formats/safetensors.ts';
import { createTinyModel, tinyLlamaConfig } from '../../models/tiny-model.ts';
import { hostTensorFrom, valuesOf } from '../../tensor/host.ts';
import { Random } from '../../tensor/random.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { noTransformers, runPython } from './fixtures/bridge-python.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** The tiny model of tests beside the one that transformers makes of its configuration. */

const SHAPE = [2, 17];

/** The configuration as transformers reads it, and how many parameters its model has. */
const CONFIG = `
import json, sys, torch
from safetensors.torch import load_file, save_file
from transformers import LlamaConfig, LlamaForCausalLM
given = json.loads(sys.argv[1])
place = given["place"]
config = LlamaConfig(**json.load(open(place + "/config.json")))
config._attn_implementation = "eager"
`;

const COUNT = `${CONFIG}
with torch.device("meta"):
    model = LlamaForCausalLM(config)
told = {name: getattr(config, name) for name in given["fields"]}
told["parameters"] = sum(x.numel() for x in model.parameters())
json.dump(told, open(place + "/told.json", "w"))
`;

const LOGITS = `${CONFIG}
model = LlamaForCausalLM(config).eval()
model.load_state_dict(load_file(place + "/weights.safetensors"), strict=True)
with torch.no_grad():
    logits = model(input_ids=torch.tensor(given["ids"]).reshape(given["shape"])).logits
save_file({"logits": logits.contiguous()}, place + "/expected.bin")
`;

/** The weights of 19 million parameters are drawn, written and read. */
vi.setConfig({ testTimeout: 600_000 });

const reason = noTransformers();

describe.skipIf(reason)(`the tiny Llama${reason ? `: ${reason}` : ''}`, () => {
  let place: string;
  beforeEach(() => {
    place = mkdtempSync(join(tmpdir(), 'tiny-'));
    writeFileSync(join(place, 'config.json'), JSON.stringify(tinyLlamaConfig()));
  });
  afterEach(() => rmSync(place, { recursive: true, force: true }));

  test(
    'transformers takes its configuration, and reads the same sizes',
    covers('fsdp.utilities.tiny-llama-config/transformers-accepts').control(
      'a size by another name than that of transformers',
      {
        file: 'src/models/tiny-model.ts',
        from: 'intermediate_size: 512,',
        to: 'ffn_size: 512,',
      },
    ),
    () => {
      const { model_type: _, ...sizes } = tinyLlamaConfig();
      runPython(COUNT, { place, fields: [...Object.keys(sizes), 'intermediate_size'] });
      expect(JSON.parse(readFileSync(join(place, 'told.json'), 'utf8'))).toEqual({
        ...sizes,
        parameters: 19_007_744,
      });
    },
  );

  test(
    'the model that torch makes of it gives the same logits',
    covers('fsdp.utilities.tiny-llama-config/torch-logits').control(
      'positions turn by another base',
      {
        file: 'src/models/tiny-model.ts',
        from: 'modelConfigOf({ ...tinyLlamaConfig(overrides), model_type });',
        to: 'modelConfigOf({ ...tinyLlamaConfig(overrides), model_type, rope_theta: 100 });',
      },
    ),
    async () => {
      using gpu = await softwareGpu();
      using model = createTinyModel('llama', gpu, { seed: 7 });
      expect(model.parameters.count).toBe(19_007_744);
      const weights = await model.parameters.read();
      writeFileSync(join(place, 'weights.safetensors'), writeSafetensors(weights));
      const random = new Random(8);
      const ids = Array.from({ length: 34 }, () => random.integer(0, 31_999));
      runPython(LOGITS, { place, ids, shape: SHAPE });
      const stored = readSafetensors(readFileSync(join(place, 'expected.bin'))).tensors.get(
        'logits',
      );
      const torch = stored ? float64Of(stored) : new Float64Array();
      using input = Tensor.from(gpu, hostTensorFrom('i32', SHAPE, ids));
      using tape = new Tape(gpu);
      const ours = valuesOf(await model.forward(tape, { ids: input }).read());
      expect(torch.length).toBe(34 * 32_000);
      expect(ours.length).toBe(torch.length);
      const largest = (of: Float64Array) => of.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      expect(largest(torch), 'a model that says something').toBeGreaterThan(0.5);
      expect(largest(torch.map((x, i) => x - (ours[i] ?? Number.NaN)))).toBeLessThan(1e-4);
    },
  );
});

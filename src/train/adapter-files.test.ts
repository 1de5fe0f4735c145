import { expect, test } from 'vitest';
import { covers } from '../catalog/covers.ts';
import { toHostTensor } from '../formats/safetensors/stored.ts';
import { readSafetensors } from '../formats/safetensors.ts';
import { drawAdapter, linearShapes } from '../models/byte-model/weights.ts';
import { Random } from '../tensor/random.ts';
import { adapterFiles } from './adapter-files.ts';
import { DEFAULT_TRAINING } from './config.ts';

const { model } = DEFAULT_TRAINING;
const random = new Random(7);
const tensors = Object.fromEntries(
  linearShapes(model).flatMap((shape) => {
    const { lora_A, lora_B } = drawAdapter(shape, model.r, random);
    return [[`${shape.name}.lora_A`, lora_A] as const, [`${shape.name}.lora_B`, lora_B] as const];
  }),
);
const files = new Map(adapterFiles(tensors, model, 42).map(({ name, data }) => [name, data]));

test(
  'the weights come back bit by bit from the files and under the names that PEFT reads',
  covers('fsdp.training.type-lora/peft-layout').control(
    'names lack the second part of the prefix',
    { file: 'src/train/adapter-files.ts', from: 'base_model.model.', to: 'base_model.' },
  ),
  () => {
    expect([...files.keys()].sort()).toEqual(['adapter_config.json', 'adapter_model.safetensors']);
    const read = readSafetensors(files.get('adapter_model.safetensors') as Uint8Array);
    expect([...read.tensors.keys()].sort()).toEqual(
      ['linear1', 'linear2', 'linear3'].flatMap((name) => [
        `base_model.model.${name}.lora_A.weight`,
        `base_model.model.${name}.lora_B.weight`,
      ]),
    );
    for (const [name, tensor] of Object.entries(tensors)) {
      const stored = read.tensors.get(`base_model.model.${name}.weight`);
      expect(stored && toHostTensor(stored)).toEqual(tensor);
    }
  },
);

test("shapes are PEFT's: lora_A [r, in], lora_B [out, r]", () => {
  const read = readSafetensors(files.get('adapter_model.safetensors') as Uint8Array);
  const shape = (name: string) => read.tensors.get(`base_model.model.${name}.weight`)?.shape;
  expect([shape('linear1.lora_A'), shape('linear1.lora_B'), shape('linear3.lora_A')]).toEqual([
    [8, 512],
    [256, 8],
    [8, 256],
  ]);
});

test('the configuration is a LoraConfig for the three linears, in lines of JSON', () => {
  expect(new TextDecoder().decode(files.get('adapter_config.json'))).toBe(`{
  "peft_type": "LORA",
  "task_type": null,
  "base_model_name_or_path": "gradproof/byte-mlp-seed-42",
  "inference_mode": true,
  "r": 8,
  "lora_alpha": 16,
  "lora_dropout": 0,
  "target_modules": [
    "linear1",
    "linear2",
    "linear3"
  ],
  "bias": "none",
  "fan_in_fan_out": false,
  "init_lora_weights": true,
  "use_rslora": false,
  "use_dora": false,
  "modules_to_save": null
}
`);
});

test('the weights are said to be of torch', () => {
  const read = readSafetensors(files.get('adapter_model.safetensors') as Uint8Array);
  expect([...read.metadata]).toEqual([['format', 'pt']]);
});

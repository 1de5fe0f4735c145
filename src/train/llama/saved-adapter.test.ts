import { expect, test } from 'vitest';
import { covers } from '../../catalog/covers.ts';
import { folderOf } from '../../formats/hugging-face/fixtures/tiny-folder.ts';
import { writeSafetensors } from '../../formats/safetensors/write.ts';
import { readSafetensors } from '../../formats/safetensors.ts';
import { retrainedName } from '../../models/llama/lora/retrained.ts';
import { type HostTensor, hostTensorFrom } from '../../tensor/host.ts';
import { type AdapterSettings, trainingConfigOf } from './config/read-training-config.ts';
import { readAdapter, savedAdapter, savedLoraAb } from './saved-adapter.ts';
import { readBlocks, readWeights, trainedBlocks, trainedWeights } from './saved-weights.ts';

const MODULE = 'model.layers.0.self_attn.q_proj';
const tensors = {
  [`${MODULE}.lora_A`]: hostTensorFrom('f32', [2, 3], [1, 2, 3, 4, 5, 6]),
  [`${MODULE}.lora_B`]: hostTensorFrom('f32', [4, 2], [1, 2, 3, 4, 5, 6, 7, 8]),
  [`${MODULE}.magnitude`]: hostTensorFrom('f32', [4], [1, 2, 3, 4]),
};
const lora = {
  r: 2,
  lora_alpha: 3,
  use_rslora: true,
  layers_to_transform: [0],
  rank_pattern: { v: 9 },
};
const { adapter } = trainingConfigOf({ type: 'bnb_dora', lora });
const files = Object.fromEntries(
  savedAdapter(tensors, adapter as AdapterSettings, 'base').map(({ name, data }) => [name, data]),
);
const weights = files['adapter_model.safetensors'] as Uint8Array;
const config = files['adapter_config.json'] as Uint8Array;

test('tensors have the names of PEFT, and come back', async () => {
  expect([...readSafetensors(weights).tensors.keys()].sort()).toEqual([
    `base_model.model.${MODULE}.lora_A.weight`,
    `base_model.model.${MODULE}.lora_B.weight`,
    `base_model.model.${MODULE}.lora_magnitude_vector`,
  ]);
  const { values, fields } = await readAdapter(folderOf(files));
  expect(Object.fromEntries(values)).toEqual(tensors);
  expect(fields).toMatchObject({ ...lora, use_dora: true, target_modules: ['q_proj', 'v_proj'] });
  expect(JSON.parse(new TextDecoder().decode(config))).toMatchObject({
    ...{ peft_type: 'LORA', task_type: 'CAUSAL_LM', base_model_name_or_path: 'base', bias: 'none' },
  });
});

test.each(['f32', 'f16', 'bf16'] as const)(
  'a number of an adapter in %s that is not finite is refused with its tensor, file and place',
  async (dtype) => {
    const stored = (value: number) =>
      writeSafetensors({
        [`base_model.model.${MODULE}.lora_A.weight`]: hostTensorFrom(
          dtype,
          [2, 3],
          [1, 2, 3, 4, 5, value],
        ),
      });
    const reading = (value: number) =>
      readAdapter(folderOf({ ...files, 'adapter_model.safetensors': stored(value) }));
    expect((await reading(6)).values.get(`${MODULE}.lora_A`)?.data[5]).toBe(6);
    for (const value of [Number.NaN, Number.NEGATIVE_INFINITY])
      await expect(reading(value)).rejects.toThrow(
        `"base_model.model.${MODULE}.lora_A.weight" in "adapter_model.safetensors" is ${value} at [1, 2]`,
      );
  },
);

test('added blocks and weights that were trained whole are refused likewise', async () => {
  const name = 'model.layers.2.input_layernorm.weight';
  const damaged = { [name]: hostTensorFrom('f32', [2], [1, Number.NaN]) };
  for (const [written, read] of [
    [trainedBlocks(damaged, { before: 2, after: 3 }), readBlocks],
    [trainedWeights(damaged), readWeights],
  ] as const) {
    const folder = folderOf(Object.fromEntries(written.map((file) => [file.name, file.data])));
    await expect(read(folder)).rejects.toThrow(`"${name}" in "${written[0]?.name}" is NaN at [1]`);
  }
});

test('what is trained beside them has the name that it has in the model of PEFT', async () => {
  const other = 'model.layers.0.self_attn.k_proj.bias';
  const names = ['lm_head.weight', 'model.norm.weight', `${MODULE}.bias`, other];
  const beside = Object.fromEntries(
    names.map((name, i) => [retrainedName(name), hostTensorFrom('f32', [2], [i, -i])]),
  );
  const settings = trainingConfigOf({
    ...{ type: 'lora', lora: { bias: 'all', modules_to_save: ['lm_head', 'model.norm'] } },
  }).adapter;
  const written = Object.fromEntries(
    savedAdapter({ ...tensors, ...beside }, settings as AdapterSettings, null).map(
      ({ name, data }) => [name, data],
    ),
  );
  const stored = readSafetensors(written['adapter_model.safetensors'] as Uint8Array).tensors;
  const own = [...stored.keys()].filter((name) => !name.includes('lora_'));
  expect(own.sort()).toEqual([
    'base_model.model.lm_head.weight',
    `base_model.model.${other}`,
    `base_model.model.${MODULE}.base_layer.bias`,
    'base_model.model.model.norm.weight',
  ]);
  const read = await readAdapter(folderOf(written));
  expect(Object.fromEntries(read.values)).toEqual({ ...tensors, ...beside });
  expect(read.fields).toMatchObject({
    ...{ bias: 'all', modules_to_save: ['lm_head', 'model.norm'] },
  });
  // Of the biases of adapted linears PEFT knew another name once.
  const older = writeSafetensors({
    [`base_model.model.${MODULE}.bias`]: hostTensorFrom('f32', [2], [1, 2]),
  });
  const folder = folderOf({ ...written, 'adapter_model.safetensors': older });
  expect([...(await readAdapter(folder)).values.keys()]).toEqual([retrainedName(`${MODULE}.bias`)]);
});

test(
  'an adapter of fsdp_qlora becomes one of PEFT, and again the same bytes',
  covers('fsdp.training.type-custom-lora/peft-layout-round-trip').control(
    'the second matrix of fsdp_qlora is taken for the first',
    {
      file: 'src/train/llama/saved-adapter.ts',
      from: "lora_A: 'lora_AB.0.weight', lora_B: 'lora_AB.1.weight'",
      to: "lora_A: 'lora_AB.1.weight', lora_B: 'lora_AB.0.weight'",
    },
  ),
  async () => {
    const A = `${MODULE}.lora_A`;
    const B = `${MODULE}.lora_B`;
    const theirs = writeSafetensors(
      {
        // The largest number, a zero below 0 and the least number are kept too.
        [`${MODULE}.lora_AB.0.weight`]: hostTensorFrom(
          'f32',
          [2, 3],
          [(2 - 2 ** -23) * 2 ** 127, -0, 1e-45, 4, 5, 6],
        ),
        [`${MODULE}.lora_AB.1.weight`]: tensors[B] as HostTensor,
      },
      { format: 'pt' },
    );
    const given = folderOf({
      'adapter_config.json': config,
      'model_state_dict.safetensors': theirs,
    });
    const read = Object.fromEntries((await readAdapter(given)).values);
    expect(read[A]?.shape).toEqual([2, 3]);
    expect(read[B]).toEqual(tensors[B]);
    const inPeft = savedAdapter(read, adapter as AdapterSettings, null);
    const inFile = inPeft[0]?.data as Uint8Array;
    expect([...readSafetensors(inFile).tensors.keys()].sort()).toEqual([
      `base_model.model.${MODULE}.lora_A.weight`,
      `base_model.model.${MODULE}.lora_B.weight`,
    ]);
    const folder = folderOf(Object.fromEntries(inPeft.map(({ name, data }) => [name, data])));
    const back = Object.fromEntries((await readAdapter(folder)).values);
    const { name, data: again } = savedLoraAb(back);
    expect(name).toBe('model_state_dict.safetensors');
    expect(Buffer.compare(again, theirs)).toBe(0);
  },
);

test('magnitudes have no place in an adapter of fsdp_qlora, which is told', () => {
  expect(() => savedLoraAb(tensors)).toThrow('has no place for');
});

test('the bias of a second matrix has the name of PEFT, and comes back', async () => {
  const { magnitude: _, ...matrices } = Object.fromEntries(
    Object.entries(tensors).map(([name, x]) => [name.slice(MODULE.length + 1), x]),
  );
  const parts = { ...matrices, lora_bias: hostTensorFrom('f32', [4], [1, 2, 3, 4]) };
  const given = Object.fromEntries(
    Object.entries(parts).map(([name, x]) => [`${MODULE}.${name}`, x]),
  );
  const settings = trainingConfigOf({ type: 'lora', lora: { lora_bias: true } }).adapter;
  const written = Object.fromEntries(
    savedAdapter(given, settings as AdapterSettings, null).map(({ name, data }) => [name, data]),
  );
  const stored = readSafetensors(written['adapter_model.safetensors'] as Uint8Array).tensors;
  expect([...stored.keys()]).toContain(`base_model.model.${MODULE}.lora_B.bias`);
  const read = await readAdapter(folderOf(written));
  expect(Object.fromEntries(read.values)).toEqual(given);
  expect(read.fields.lora_bias).toBe(true);
  expect(() => savedLoraAb(given)).toThrow('has no place for');
});

const withConfig = (given: object) =>
  folderOf({
    ...files,
    'adapter_config.json': JSON.stringify({
      ...JSON.parse(new TextDecoder().decode(config)),
      ...given,
    }),
  });

test.each([
  // As PEFT saves one without a task.
  {
    task_type: null,
    auto_mapping: {
      base_model_class: 'LlamaForCausalLM',
      parent_library: 'transformers.models.llama.modeling_llama',
    },
  },
  { init_lora_weights: false },
  { init_lora_weights: 'gaussian' },
  { init_lora_weights: 'orthogonal' },
])('what says nothing of saved matrices is no obstacle: %j', async (given) => {
  const { values } = await readAdapter(withConfig(given));
  expect(Object.fromEntries(values)).toEqual(tensors);
});

test.each(['pissa', 'pissa_niter_4', 'olora', 'loftq', 'corda', 'lora_ga', 'mica'])(
  'an adapter that was begun by %s, beside another base, is refused',
  async (init_lora_weights) => {
    await expect(readAdapter(withConfig({ init_lora_weights }))).rejects.toMatchObject({
      faults: [
        {
          code: expect.stringContaining('init-lora-weights'),
          message: expect.stringContaining(`is "${init_lora_weights}", which changes the base`),
          suggestion: expect.stringContaining('path_initial_model_for_weight_conversion'),
        },
      ],
    });
  },
);

test('halves become float32', async () => {
  const halves = {
    [`base_model.model.${MODULE}.lora_A.weight`]: hostTensorFrom('bf16', [1, 2], [1, -2]),
  };
  const folder = folderOf({ ...files, 'adapter_model.safetensors': writeSafetensors(halves) });
  const { values } = await readAdapter(folder);
  expect(values.get(`${MODULE}.lora_A`)).toEqual(hostTensorFrom('f32', [1, 2], [1, -2]));
});

test.each([
  [
    'without weights',
    { 'adapter_config.json': config },
    'the folder has no adapter_model.safetensors',
  ],
  [
    'without a config',
    { 'adapter_model.safetensors': weights },
    'the folder has no adapter_config.json',
  ],
  [
    'of another kind',
    { ...files, 'adapter_config.json': '{"peft_type":"IA3"}' },
    'adapter_config.json: peft_type is "IA3"',
  ],
  [
    'with what is not done here',
    { ...files, 'adapter_config.json': '{"use_qalora":true}' },
    'adapter_config.json: use_qalora is "true"',
  ],
  [
    'with a broken config',
    { ...files, 'adapter_config.json': '{' },
    'adapter_config.json is not JSON',
  ],
  ['with broken weights', { ...files, 'adapter_model.safetensors': 'x' }, '1 bytes are too few'],
  [
    'with another tensor',
    {
      ...files,
      'adapter_model.safetensors': writeSafetensors({
        'a.lora_A.weight': hostTensorFrom('f32', [1], [1]),
      }),
    },
    '"a.lora_A.weight", which is no part of a LoRA adapter',
  ],
])('an adapter %s is refused in a line', async (_, folder, says) => {
  await expect(readAdapter(folderOf(folder))).rejects.toThrow(says);
});

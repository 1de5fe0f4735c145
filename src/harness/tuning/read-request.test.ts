import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { covers } from '../../catalog/covers.ts';
import { codedFolder } from '../../formats/hugging-face/fixtures/coded-folder.ts';
import { folderOf, TINY, tinyTensors } from '../../formats/hugging-face/fixtures/tiny-folder.ts';
import { modelConfigIn } from '../../formats/hugging-face/model-folder.ts';
import { writeSafetensors } from '../../formats/safetensors/write.ts';
import type { JsonObject } from '../../formats/strict-json.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import { trainedBlocks } from '../../train/llama/saved-weights.ts';
import { filesIn } from '../worker/node-folder.ts';
import { inspectRequest } from './read-request.ts';

/** A model of so many blocks, without a tokenizer. */
const modelOf = (layers: number) =>
  folderOf({
    'config.json': JSON.stringify({
      ...{ model_type: 'llama', hidden_size: 4, num_hidden_layers: layers, vocab_size: 5 },
      ...{ num_attention_heads: 2, num_key_value_heads: 1, intermediate_size: 6 },
      ...{ head_dim: 2, max_position_embeddings: 8 },
    }),
    'model.safetensors': writeSafetensors(tinyTensors({ ...TINY, layers })),
  });
const BLOCKS = trainedBlocks(
  Object.fromEntries(
    Object.entries(tinyTensors({ ...TINY, layers: 3 })).filter(([name]) => name.includes('.2.')),
  ),
  { before: 2, after: 3 },
);

/** What is read of a folder of this name, and what is wrong with model, adapter and settings. */
async function inspected(
  name: string,
  layers: number,
  { type = 'bnb_llama_pro', blocks = false, rate = 0.5 } = {},
) {
  const folders = {
    model: modelOf(layers),
    blocks: folderOf(Object.fromEntries(BLOCKS.map((file) => [file.name, file.data]))),
  };
  const at = (path: keyof typeof folders) => ({ kind: 'path', path }) as const;
  const settings = type.endsWith('_pro') ? { type, expansion_rate: rate } : { type };
  const found = await inspectRequest({
    model: at('model'),
    ...(blocks ? { adapter: at('blocks') } : {}),
    openFolder: async (place) => folders[(place as ReturnType<typeof at>).path],
    ...{ name, base: name, settings: async () => JSON.stringify(settings) },
    openData: async () => undefined,
  });
  const faults = found.faults.filter(({ message }) => !message.includes('tokenizer'));
  return { expanded: found.config?.expanded, told: faults.map((one) => one.message), found };
}

test('the name of a folder says which blocks were added to it', async () => {
  expect(await inspected('mine_blk_exp-2-3', 3)).toMatchObject({
    ...{ told: [], expanded: { before: 2, after: 3 } },
  });
  expect(await inspected('mine', 2)).toMatchObject({ told: [], expanded: undefined });
  // Who adds no blocks may call a folder as they like.
  expect(await inspected('blk_exp-x', 2, { type: 'lora' })).toMatchObject({ told: [] });
});

test('a name that says it of no such model is refused in a line of the model', async () => {
  const { told, found } = await inspected('mine_blk_exp-2', 3);
  expect(told).toEqual([expect.stringContaining('"mine_blk_exp-2" is no name')]);
  expect(found.faults[0]?.part).toBe('model');
  expect((await inspected('mine_blk_exp-2-3', 2)).told).toEqual([
    'its name ends in blk_exp-2-3, and it has 2 blocks: give it another name, or the model of 3',
  ]);
});

test('saved blocks are gone on from over the model that they were added to', async () => {
  const going = await inspected('mine', 2, { blocks: true });
  expect(going).toMatchObject({ told: [], expanded: { before: 2, after: 3 } });
  // The place that they have goes before another rate.
  expect((await inspected('mine', 2, { blocks: true, rate: 1 })).expanded).toEqual(going.expanded);
  expect((await inspected('mine', 4, { blocks: true })).told).toEqual([
    'the model has 4 blocks, and those that were added are of blk_exp-2-3: give the model that they were added to',
  ]);
  expect((await inspected('mine_blk_exp-4-6', 6, { blocks: true })).told).toEqual([
    'it is blk_exp-4-6, and the saved blocks are of blk_exp-2-3: give the model that they were added to',
  ]);
  expect((await inspected('mine', 2, { blocks: true, type: 'qlora' })).told).toEqual([
    'what is saved are added blocks, which type "qlora" does not train: give type "bnb_llama_pro" or "hqq_llama_pro"',
  ]);
});

/** A model whose rows are whole groups of codes. */
const WIDE = { ...TINY, hidden: 64, heads: 4, kvHeads: 4, headDim: 16, intermediate: 128 };

/** What is told of a folder in NF4 but for `down_proj`, by part and path. */
async function toldOfCodes(given: JsonObject) {
  const folder = codedFolder(WIDE, 'nf4', (name) => /_proj/.test(name) && !/down/.test(name));
  const { faults, codes } = await inspectRequest({
    model: { kind: 'path', path: 'coded' },
    openFolder: async () => folder,
    ...{ name: 'coded', base: 'coded', given },
    openData: async () => undefined,
  });
  const told = faults.filter(({ message }) => !message.includes('tokenizer'));
  return { codes, told: told.map(({ part, path }) => `${part} ${path}`) };
}

test('settings that contradict the codes of a folder are told with all else that is wrong', async () => {
  const { told, codes } = await toldOfCodes({
    ...{ type: 'qlora', learning_rate: -1 },
    quantization: { bnb_4bit_quant_type: 'fp4', llm_int8_skip_modules: ['qproj'] },
  });
  expect(told).toEqual([
    'settings learning_rate',
    'settings quantization.bnb_4bit_quant_type',
    'settings quantization.llm_int8_skip_modules',
  ]);
  expect(codes?.get('model.layers.0.mlp.up_proj.weight')).toEqual({
    ...{ method: 'nf4', bits: 4, groupSize: 64 },
  });
});

test('what a folder in codes has in floats can be trained beside adapters', async () => {
  const saving = (module: string) => toldOfCodes({ lora: { modules_to_save: [module] } });
  expect((await saving('down_proj')).told).toEqual([]);
  expect((await saving('up_proj')).told).toEqual(['settings lora.modules_to_save']);
});

const SMALL = fileURLToPath(new URL('../../../public/model', import.meta.url));

/** What is wrong where files of the small model are others, and settings these. */
async function faultsWith(
  change: (files: Map<string, Uint8Array | string>) => void,
  given: JsonObject = {},
) {
  const { faults } = await smallWith(change, given);
  return faults.map(({ part, path, message }) => [part, path, message]);
}

/** What is found then. */
async function smallWith(
  change: (files: Map<string, Uint8Array | string>) => void,
  given: JsonObject = {},
) {
  const files = new Map<string, Uint8Array | string>();
  for (const [name, file] of await filesIn(SMALL)) files.set(name, await file.read(0, file.bytes));
  change(files);
  return await inspectRequest({
    model: { kind: 'path', path: 'small' },
    openFolder: async () => folderOf(Object.fromEntries(files)),
    ...{ name: 'small', base: 'small', given },
    openData: async () => undefined,
  });
}

/** Changes a file of JSON. */
function changeJson(
  files: Map<string, Uint8Array | string>,
  name: string,
  change: (json: JsonObject) => JsonObject,
): void {
  const bytes = files.get(name) as Uint8Array<ArrayBuffer>;
  files.set(name, JSON.stringify(change(JSON.parse(new TextDecoder().decode(bytes)))));
}

test(
  'an unknown optimizer, tokens beyond the vocabulary and heads that do not divide are refused',
  covers('tb.recovery.invalid-configuration/model-fields').control('any tokenizer fits', {
    file: 'src/harness/tuning/read-request.ts',
    from: 'codec.size > read.vocabulary',
    to: 'codec.size > 2 * read.vocabulary',
  }),
  async () => {
    expect(await faultsWith(() => undefined, { optim: 'adamw_torch' })).toEqual([]);
    expect(await faultsWith(() => undefined, { optim: 'adamw_fast' })).toEqual([
      ['settings', 'optim', expect.stringMatching(/^optim is "adamw_fast": known are adamw_torch/)],
    ]);
    const added = await faultsWith((files) =>
      changeJson(files, 'tokenizer.json', (json) => {
        const [end] = json['added_tokens'] as readonly JsonObject[];
        return { ...json, added_tokens: [end, { ...end, id: 1024, content: '<|new|>' }] };
      }),
    );
    expect(added).toEqual([
      [
        ...['model', undefined],
        'the tokenizer has 1025 tokens, and the model 1024: give the tokenizer that belongs to it',
      ],
    ]);
    const heads = { num_attention_heads: 5, head_dim: null, num_key_value_heads: 5 };
    const faults = await faultsWith((files) =>
      changeJson(files, 'config.json', (json) => ({ ...json, ...heads })),
    );
    expect(faults).toEqual([
      ['model', expect.any(String), expect.stringMatching(/128 is no multiple of .* 5, and/)],
    ]);
  },
);

/** The small model with more in its config.json. */
const smallAs = (more: JsonObject, given: JsonObject) =>
  smallWith((files) => changeJson(files, 'config.json', (json) => ({ ...json, ...more })), given);

test('a question to a model with a sliding window may be as long as a text', async () => {
  const given = { max_length: 100 };
  const { reads } = await smallAs({}, given);
  expect(reads).toEqual({ tokens: 100, most: 128 });
  expect((await smallAs({ model_type: 'mistral', sliding_window: 8 }, given)).reads).toEqual(reads);
});

test('packed rows beyond the context that positions depend on are refused with the settings', async () => {
  const factors = Array.from({ length: 16 }, () => 1);
  const rope_scaling = { rope_type: 'longrope', short_factor: factors, long_factor: factors };
  const long = { original_max_position_embeddings: 32, rope_scaling };
  const told = async (max_length: number) => {
    const { faults } = await smallAs(long, { packing: true, max_length });
    return faults.map(({ part, path }) => [part, path]);
  };
  expect(await told(33)).toEqual([['settings', 'packing']]);
  expect(await told(32)).toEqual([]);
});

/** What is read of a small model and an adapter of q_proj, with tensors of these modules. */
async function besideAdapter(given: JsonObject, config: JsonObject, modules: readonly string[]) {
  const model = await filesIn(SMALL);
  const { hidden } = await modelConfigIn(model);
  const drawn = (shape: readonly number[]) =>
    hostTensorFrom('f32', shape, new Float64Array(2 * hidden));
  const tensors = modules.flatMap((module) => [
    [`base_model.model.${module}.lora_A.weight`, drawn([2, hidden])] as const,
    [`base_model.model.${module}.lora_B.weight`, drawn([hidden, 2])] as const,
  ]);
  const saved = { peft_type: 'LORA', r: 2, lora_alpha: 4, target_modules: ['q_proj'], ...config };
  const folders = {
    model,
    adapter: folderOf({
      'adapter_config.json': JSON.stringify(saved),
      'adapter_model.safetensors': writeSafetensors(Object.fromEntries(tensors)),
    }),
  };
  const at = (path: keyof typeof folders) => ({ kind: 'path', path }) as const;
  return await inspectRequest({
    ...{ model: at('model'), adapter: at('adapter') },
    openFolder: async (place) => folders[(place as ReturnType<typeof at>).path],
    ...{ name: 'small', base: 'small', given },
    openData: async () => undefined,
  });
}

const queriesOf = (...blocks: readonly number[]) =>
  blocks.map((i) => `model.layers.${i}.self_attn.q_proj`);

test('settings that contradict a saved adapter are refused by field, and what they leave out is its own', async () => {
  const read = async (given: JsonObject) =>
    await besideAdapter(given, {}, queriesOf(0, 1, 2, 3, 4, 5));
  const { faults } = await read({ type: 'bnb_dora', lora: { r: 16, lora_alpha: 4, bias: 'all' } });
  expect(faults.map(({ part, path, message }) => [part, path, message])).toEqual([
    [
      ...['settings', 'lora.r'],
      'lora.r is 16, and the saved adapter has 2: leave it out: a saved adapter goes on by its own configuration',
    ],
    ['settings', 'lora.bias', expect.stringContaining('the saved adapter has "none"')],
    ['settings', 'type', expect.stringContaining('the saved adapter is LoRA, which type')],
  ]);
  const right = await read({ type: 'lora', lora: { lora_alpha: 4 } });
  expect(right.faults).toEqual([]);
  expect(right.config?.adapter?.rules).toMatchObject({ r: 2, target_modules: ['q_proj'] });
});

test('an adapter that is not what its own config asks for is told before anything runs', async () => {
  const told = async (config: JsonObject, modules: readonly string[]) =>
    (await besideAdapter({ type: 'lora' }, config, modules)).faults;
  const ofOne = { layers_to_transform: [1] };
  expect(await told(ofOne, queriesOf(1))).toEqual([]);
  expect(await told(ofOne, queriesOf(0, 1))).toEqual([
    {
      part: 'adapter',
      message:
        'the adapter has model.layers.0.self_attn.q_proj.lora_A, which its config does not ask for',
    },
  ]);
  expect(await told({}, queriesOf(1))).toMatchObject([
    { part: 'adapter', message: expect.stringMatching(/^the adapter lacks model\.layers\.0\./) },
  ]);
  // PEFT asks for a block only of what it meets by its end.
  const named = { ...ofOne, target_modules: [...queriesOf(0), 'q_proj'] };
  expect(await told(named, queriesOf(0, 1))).toEqual([]);
});

test('an answer ends at every token that the files of the model name, and what names none is a fault', async () => {
  expect((await smallWith(() => undefined)).ends).toEqual([1023]);
  const turn = JSON.stringify({ eos_token_id: [1022, 1021] });
  const { ends, faults } = await smallWith((files) => files.set('generation_config.json', turn));
  expect([ends, faults]).toEqual([[1022, 1021, 1023], []]);
  const wrong = JSON.stringify({ eos_token_id: '</s>' });
  expect(await faultsWith((files) => files.set('generation_config.json', wrong))).toEqual([
    [...['model', undefined], expect.stringMatching(/^generation_config\.json: eos_token_id must/)],
  ]);
});

test('settings that the model contradicts are told as settings, with those that are wrong anyway', async () => {
  const lora = { target_modules: ['nothing'], rank_pattern: { '(': 4 } };
  const given = { type: 'lora', learning_rate: -1, dataset_format: 'xml', lora, max_length: 4096 };
  const faults = await faultsWith(() => undefined, given);
  expect(faults.map(([part, path]) => `${part} ${path}`)).toEqual([
    'settings dataset_format',
    'settings learning_rate',
    'settings lora.rank_pattern',
    'settings max_length',
    'settings lora.target_modules',
  ]);
  const { faults: of4 } = await inspectRequest({
    model: { kind: 'path', path: 'model' },
    openFolder: async () => modelOf(1),
    ...{ name: 'mine', base: 'mine', given: { type: 'hqq_lora', learning_rate: -1 } },
    openData: async () => undefined,
  });
  expect(of4).toMatchObject([
    { part: 'settings', path: 'learning_rate' },
    { path: 'quantization.group_size', without: ['type', 'quantization'] },
    { part: 'model', message: expect.stringContaining('tokenizer') },
  ]);
});

test('what is wrong with a model is told whatever is wrong with settings', async () => {
  const faults = await faultsWith((files) => files.delete('model.safetensors'), { seed: -1 });
  expect(faults).toEqual([
    ['model', undefined, expect.stringContaining('model.safetensors')],
    ['settings', 'seed', expect.any(String)],
  ]);
});

test('a saved adapter that the model has no place for is told as one, and its type with all else', async () => {
  const adapter = folderOf({
    'adapter_config.json': JSON.stringify({ peft_type: 'LORA', r: 2, target_modules: ['wq'] }),
    'adapter_model.safetensors': writeSafetensors({}),
  });
  const model = await filesIn(SMALL);
  const read = async (given: JsonObject) => {
    const { faults } = await inspectRequest({
      ...{ model: { kind: 'path', path: 'model' }, adapter: { kind: 'path', path: 'adapter' } },
      openFolder: async (place) =>
        place.kind === 'path' && place.path === 'model' ? model : adapter,
      ...{ name: 'small', base: 'small', given },
      openData: async () => undefined,
    });
    return faults.map(({ part, path, message }) => [part, path, message]);
  };
  const meets = expect.stringContaining('target_modules meet no module');
  expect(await read({ type: 'lora' })).toEqual([['adapter', undefined, meets]]);
  expect(await read({ type: 'bnb_dora', seed: -1 })).toEqual([
    ['settings', 'seed', expect.any(String)],
    ['settings', 'type', expect.stringContaining('the saved adapter is LoRA')],
  ]);
});

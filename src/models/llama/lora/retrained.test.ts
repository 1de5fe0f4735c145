import { describe, expect, test } from 'vitest';
import type { Architecture } from '../../../formats/hugging-face/architecture.ts';
import { folderOf, TINY, tinyTensors } from '../../../formats/hugging-face/fixtures/tiny-folder.ts';
import { writeSafetensors } from '../../../formats/safetensors/write.ts';
import { hostGpu } from '../../../gpu/fixtures/host-gpu.ts';
import { hostTensorFrom, valuesOf } from '../../../tensor/host.ts';
import { Random } from '../../../tensor/random.ts';
import { Tensor } from '../../../tensor/tensor.ts';
import { loadLlama } from '../load.ts';
import {
  type RetrainedRules,
  requireFloats,
  retrainedName,
  retrainedTensors,
} from './retrained.ts';
import { adapterTargets } from './targets.ts';

const BIASED: Architecture = { ...TINY, family: 'qwen2', layers: 2 };
const Q0 = 'model.layers.0.self_attn.q_proj';
const adapted = new Map([[Q0, {}]]);
const found = (
  rules: Partial<RetrainedRules>,
  model: Architecture = BIASED,
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...retrainedTensors(model, { bias: 'none', modules_to_save: [], ...rules }, adapted)].map(
      ([name, { source }]) => [name, source],
    ),
  );
const named = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, name]));
const inBlocks = (names: readonly string[]) =>
  [0, 1].flatMap((i) => names.map((name) => `model.layers.${i}.${name}`));

describe('beside adapters', () => {
  test('all biases are trained, or those of adapted linears, or none', () => {
    const biases = ['q', 'k', 'v'].map((part) => `self_attn.${part}_proj.bias`);
    expect(found({ bias: 'all' })).toEqual(named(inBlocks(biases)));
    expect(found({ bias: 'lora_only' })).toEqual(named([`${Q0}.bias`]));
    expect(found({})).toEqual({});
    // A Llama without biases has none to train.
    expect(found({ bias: 'all' }, TINY)).toEqual({});
  });

  test('modules are those whose names end so', () => {
    const norms = inBlocks(['input_layernorm.weight', 'post_attention_layernorm.weight']);
    const save = (...modules_to_save: string[]) => found({ modules_to_save });
    expect(save('norm')).toEqual(named([...norms, 'model.norm.weight']));
    expect(save('model.norm', 'lm_head')).toEqual(named(['model.norm.weight', 'lm_head.weight']));
    expect(save('embed_tokens')).toEqual(named(['model.embed_tokens.weight']));
    expect(save('layers.1.input_layernorm')).toEqual(named([norms[2] as string]));
  });

  test('a tied head starts from the embeddings, and is a table of its own', () => {
    const tied = { ...BIASED, tied: true };
    expect(found({ modules_to_save: ['lm_head'] }, tied)).toEqual({
      'lm_head.weight': 'model.embed_tokens.weight',
    });
  });

  test('linears of blocks are trained with their biases', () => {
    expect(found({ modules_to_save: ['k_proj', '1.mlp.up_proj'] })).toEqual(
      named([
        'model.layers.0.self_attn.k_proj.weight',
        'model.layers.0.self_attn.k_proj.bias',
        'model.layers.1.self_attn.k_proj.weight',
        'model.layers.1.self_attn.k_proj.bias',
        'model.layers.1.mlp.up_proj.weight',
      ]),
    );
  });

  test('a weight that is to be in codes is refused', () => {
    const rules = { bias: 'all', modules_to_save: ['o_proj'] } as const;
    const retrained = retrainedTensors(BIASED, rules, adapted);
    requireFloats(retrained, (module) => module === Q0);
    expect(() =>
      requireFloats(retrained, (module) => module.endsWith('1.self_attn.o_proj')),
    ).toThrow('meet model.layers.1.self_attn.o_proj, which is quantized: name it among');
  });

  test.each([
    ['q_proj', `meet ${Q0}, which has an adapter: name it once`],
    ['mlp', 'meet model.layers.0.mlp, which holds no values itself'],
    ['score', '"score" meets no module: give one such as lm_head'],
  ])('the module %s is refused in a line', (module, says) => {
    expect(() => found({ modules_to_save: ['lm_head', module] })).toThrow(
      expect.objectContaining({
        code: 'adapter-saved-modules',
        message: expect.stringContaining(says),
      }),
    );
  });
});

describe('a model', () => {
  const CONFIG = {
    ...{ model_type: 'llama', hidden_size: 4, num_hidden_layers: 1, vocab_size: 5 },
    ...{ num_attention_heads: 2, num_key_value_heads: 1, intermediate_size: 6, head_dim: 2 },
    ...{ max_position_embeddings: 8, rms_norm_eps: 1e-5 },
  };
  const load = async (
    tied: boolean,
    modules_to_save: readonly string[],
    values?: ReadonlyMap<string, ReturnType<typeof hostTensorFrom>>,
  ) => {
    const { gpu } = await hostGpu();
    const model = { ...TINY, tied };
    const folder = folderOf({
      'config.json': JSON.stringify({ ...CONFIG, tie_word_embeddings: tied }),
      'model.safetensors': writeSafetensors(tinyTensors(model)),
    });
    const modules = adapterTargets(model, { r: 2, lora_alpha: 4 });
    const retrained = retrainedTensors(model, { bias: 'none', modules_to_save }, modules);
    const adapters = { modules, retrained, random: new Random(1), values };
    return {
      gpu,
      tensors: tinyTensors(model),
      load: loadLlama(gpu, folder, { length: 8, adapters }),
    };
  };
  const read = async (value: unknown) => [...valuesOf(await (value as Tensor).read())];

  test('trains copies of what its folder has, and without adapters is as it was', async () => {
    const given = await load(false, ['lm_head', 'model.norm']);
    using model = await given.load;
    for (const name of ['lm_head.weight', 'model.norm.weight']) {
      const own = [...valuesOf(given.tensors[name] as never)];
      const copy = model.parameters.view(retrainedName(name));
      expect(await read(copy)).toEqual(own);
      expect(model.view(name)).toBe(copy);
      using _ = model.withoutAdapters();
      expect(model.view(name)).not.toBe(copy);
      expect(await read(model.view(name))).toEqual(own);
    }
    expect(model.parameters.names.filter((name) => name.startsWith('retrained.'))).toHaveLength(2);
  });

  test('with tied embeddings trains either end, and the other stays what both were', async () => {
    const table = 'model.embed_tokens.weight';
    const head = 'lm_head.weight';
    for (const [trained, other] of [
      [table, head],
      [head, table],
    ] as const) {
      const given = await load(true, [trained.slice(0, -'.weight'.length)]);
      using model = await given.load;
      const own = [...valuesOf(given.tensors[table] as never)];
      using sevens = Tensor.from(given.gpu, hostTensorFrom('f32', [5, 4], new Array(20).fill(7)));
      model.parameters.view(retrainedName(trained)).copyFrom(sevens);
      expect(await read(model.view(trained))).toEqual(own.map(() => 7));
      expect(await read(model.view(other))).toEqual(own);
      using _ = model.withoutAdapters();
      expect(await read(model.view(trained))).toEqual(own);
    }
  });

  test('goes on from saved copies, and a file without one is refused', async () => {
    const { load: first } = await load(false, ['model.norm']);
    using before = await first;
    const saved = new Map(Object.entries(await before.parameters.read()));
    const norm = hostTensorFrom('f32', [4], [9, 8, 7, 6]);
    const name = retrainedName('model.norm.weight');
    const { load: second } = await load(false, ['model.norm'], new Map(saved).set(name, norm));
    using model = await second;
    expect(await read(model.view('model.norm.weight'))).toEqual([9, 8, 7, 6]);
    saved.delete(name);
    const { load: third, gpu } = await load(false, ['model.norm'], saved);
    await expect(third).rejects.toThrow('the adapter lacks model.norm.weight: its config asks');
    expect(gpu.memory.ledger.liveBytes).toBe(0);
  });
});

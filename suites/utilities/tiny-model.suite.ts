import { messageOf } from '../../src/errors.ts';
import { parametersOf } from '../../src/formats/hugging-face/architecture.ts';
import { modelConfigOf } from '../../src/formats/hugging-face/config.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { createTinyModel, tinyLlamaConfig } from '../../src/models/tiny-model.ts';
import type { Value } from '../../src/reference/record.ts';
import type { HostTensors } from '../../src/tensor/host.ts';
import type { Random } from '../../src/tensor/random.ts';
import { suite } from '../../src/testing/suite.ts';

export const tinyModels = suite('utilities.tiny-model', {
  description: 'Tiny models for tests: their sizes, and weights that a seed draws',
});

/** 37 tokens and two blocks: so small that it is drawn in no time. */
const SMALL = {
  ...{ hidden_size: 16, intermediate_size: 40, num_hidden_layers: 2 },
  ...{ num_key_value_heads: 2, vocab_size: 37, max_position_embeddings: 24 },
};

tinyModels
  .case('config')
  .covers(
    'fsdp.utilities.tiny-llama-config/default-sizes',
    'fsdp.utilities.tiny-llama-config/parameter-count',
    'fsdp.utilities.tiny-llama-config/overrides-apply',
  )
  .desc(
    'The configuration has the sizes of the original, which make 19,007,744 parameters; overrides change what they name and nothing else, and a model that is made so has as many parameters as its shapes say.',
  )
  .control('what is asked for gives way to what is usual, in another size', (fault) =>
    fault.host('models.tiny_llama_config', (config) => (overrides) => ({
      ...overrides,
      ...config(),
      intermediate_size: 768,
    })),
  )
  .run(async (t) => {
    const usual = modelConfigOf(tinyLlamaConfig());
    const sizes = {
      ...{ family: 'llama', hidden: 256, intermediate: 512, layers: 4, heads: 4, kvHeads: 4 },
      ...{ headDim: 64, vocabulary: 32_000, context: 512, tied: false },
    };
    for (const [name, expected] of Object.entries(sizes)) {
      const found = usual[name as keyof typeof sizes];
      t.expect(found === expected, () => `${name} is ${found} and not ${expected}`);
    }
    const count = parametersOf(usual);
    t.expect(count === 19_007_744, () => `it has ${count} parameters`);
    const given = { vocab_size: 37, num_key_value_heads: 2 };
    const changed = JSON.stringify(modelConfigOf(tinyLlamaConfig(given)));
    const expected = JSON.stringify({ ...usual, vocabulary: 37, kvHeads: 2 });
    t.expect(changed === expected, () => `overrides give ${changed}`);
    using model = createTinyModel('llama', t.gpu, { overrides: SMALL });
    const shapes = parametersOf(modelConfigOf(tinyLlamaConfig(SMALL)));
    const made = model.parameters.count;
    t.expect(made === shapes && made < 10_000, () => `a small one has ${made} of ${shapes}`);
  });

const bitsOf = (weights: HostTensors): Value => {
  const data = Object.values(weights).flatMap(({ data: part }) => [
    ...new Uint32Array(part.buffer, part.byteOffset, part.length),
  ]);
  return { shape: [data.length], data: Float64Array.from(data) };
};

async function weightsOn(gpu: Gpu, seed: number): Promise<HostTensors> {
  using model = createTinyModel('llama', gpu, { seed, overrides: SMALL });
  return await model.parameters.read();
}

tinyModels
  .case('seeded-weights')
  .covers('fsdp.utilities.create-tiny-model/seeded-weights')
  .desc(
    'The weights of a seed are the same bits on this device, on a second one of the adapter and, where the machine has one, on that of another adapter; of another seed they are others.',
  )
  .control('weights are drawn on and on', (fault) =>
    fault.host('models.tiny_random', (from) => {
      let drawn = 0;
      return (seed: number): Random => from(seed + drawn++);
    }),
  )
  .run(async (t) => {
    const here = bitsOf(await weightsOn(t.gpu, t.seed));
    for (const other of [await t.gpu.fresh(), await t.gpu.elsewhere()]) {
      if (!other) continue;
      using gpu = other;
      t.expectEqual('weights elsewhere', bitsOf(await weightsOn(gpu, t.seed)), here);
    }
    const others = bitsOf(await weightsOn(t.gpu, t.seed + 1));
    const same = others.data.reduce((n, bits, i) => n + (bits === here.data[i] ? 1 : 0), 0);
    // Those of norms are ones, whatever the seed.
    t.expect(same === 5 * SMALL.hidden_size, () => `${same} weights of another seed are equal`);
  });

tinyModels
  .case('unknown-type')
  .covers('fsdp.utilities.create-tiny-model/unknown-type')
  .desc('A type that is not known is refused by its name, with those that are, and leaves nothing.')
  .control('any type is a Llama', (fault) => fault.host('models.tiny_type', () => () => 'llama'))
  .run(async (t) => {
    for (const type of ['gpt2', 'Llama', '', 'constructor']) {
      let refusal: unknown;
      try {
        createTinyModel(type, t.gpu, { overrides: SMALL })[Symbol.dispose]();
      } catch (error) {
        refusal = error;
      }
      const told = refusal instanceof Error && 'code' in refusal ? refusal.code : undefined;
      t.expect(
        told === 'model-type' && messageOf(refusal).endsWith(`"${type}": there are llama`),
        () => `"${type}" is answered with ${refusal}`,
      );
    }
  });

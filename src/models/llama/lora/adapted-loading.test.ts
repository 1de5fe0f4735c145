import { expect, test } from 'vitest';
import { covers } from '../../../catalog/covers.ts';
import type { ModelConfig } from '../../../formats/hugging-face/config.ts';
import { folderOf, TINY, tinyTensors } from '../../../formats/hugging-face/fixtures/tiny-folder.ts';
import { writeSafetensors } from '../../../formats/safetensors/write.ts';
import { hostGpu } from '../../../gpu/fixtures/host-gpu.ts';
import { isQuantized } from '../../../quant/weight.ts';
import { predictedBytes } from '../../../quantizer/quantizer.ts';
import { hostTensorFrom, valuesOf } from '../../../tensor/host.ts';
import { Random } from '../../../tensor/random.ts';
import { sizeOf } from '../../../tensor/shape.ts';
import { type LoadOptions, loadLlama } from '../load.ts';
import { blockLinears } from './module-names.ts';
import { adapterTargets } from './targets.ts';

/** Six blocks below a table that is larger than their linears, as that of every model is. */
const MODEL: ModelConfig = {
  ...TINY,
  ...{
    hidden: 64,
    layers: 6,
    heads: 4,
    kvHeads: 2,
    headDim: 16,
    intermediate: 192,
    vocabulary: 256,
  },
};
const CONFIG = JSON.stringify({
  ...{ model_type: 'llama', hidden_size: 64, num_hidden_layers: 6, num_attention_heads: 4 },
  ...{
    num_key_value_heads: 2,
    intermediate_size: 192,
    vocab_size: 256,
    max_position_embeddings: 8,
  },
});
const TENSORS = tinyTensors(MODEL);
const FOLDER = folderOf({
  'config.json': CONFIG,
  'model.safetensors': writeSafetensors(TENSORS),
});
const backend = { name: 'host', supports: () => true };
const LARGEST = 4 * 256 * 64;
const LARGEST_LINEAR = 4 * 64 * 192;
const adapters = (seed: number): NonNullable<LoadOptions['adapters']> => {
  const rules = { r: 4, lora_alpha: 8, target_modules: ['q_proj', 'down_proj'] };
  return { modules: adapterTargets(MODEL, rules), random: new Random(seed) };
};

/** Loads the folder with its base in codes; returns bytes of the model, and the most meanwhile. */
async function loadedIn(method: string) {
  const { gpu } = await hostGpu();
  const options = { method };
  gpu.memory.resetPeak();
  using model = await loadLlama(gpu, FOLDER, { length: 8, quantized: { backend, options } });
  const linears = blockLinears(MODEL);
  const packed = [...linears.values()].reduce(
    (sum, shape) => sum + predictedBytes(options, shape),
    0,
  );
  const whole = Object.entries(TENSORS)
    .filter(([name]) => !linears.has(name.slice(0, -'.weight'.length)))
    .reduce((sum, [, { shape }]) => sum + 4 * sizeOf(shape), 0);
  // Positions, and the word that memory of no parameter takes.
  const positions = 4 * 8 + 4;
  const { liveBytes, peakBytes } = gpu.memory.ledger;
  expect(liveBytes).toBe(packed + whole + positions);
  for (const name of linears.keys()) expect(isQuantized(model.view(`${name}.weight`))).toBe(true);
  expect(isQuantized(model.view('lm_head.weight'))).toBe(false);
  return { liveBytes, peakBytes };
}

test(
  'a base in nf4 is loaded within its own bytes and a half more than its largest linear',
  covers('fsdp.training.type-custom-qlora/peak-within-bound').control(
    'all rows of a weight are in the making at once',
    {
      file: 'src/models/llama/load.ts',
      from: 'isApart ? { bytes: bytesAtOnce(shape) } : {}',
      to: 'isApart ? {} : {}',
    },
  ),
  async () => {
    const { liveBytes, peakBytes } = await loadedIn('nf4');
    expect(peakBytes).toBeLessThan(liveBytes + 2 * LARGEST);
    expect(peakBytes).toBeLessThan(liveBytes + 1.5 * LARGEST_LINEAR);
  },
);

test.each(['hqq', 'llm_int8'])(
  'the dense model of a base in %s is on the device at no time',
  async (method) => {
    const { liveBytes, peakBytes } = await loadedIn(method);
    expect(peakBytes).toBeLessThan(liveBytes + 2 * LARGEST);
  },
);

test('layers that a policy keeps stay in floats, and a pattern that meets none is refused first', async () => {
  const { gpu } = await hostGpu();
  const quantized = { backend, options: { method: 'nf4' } };
  const policy = (layers: string) => ({ rules: [{ layers, to: 'keep' } as const] });
  {
    using model = await loadLlama(gpu, FOLDER, {
      length: 8,
      quantized: { ...quantized, policy: policy('*.q_proj') },
    });
    const floats = [...blockLinears(MODEL).keys()].filter(
      (name) => !isQuantized(model.view(`${name}.weight`)),
    );
    expect(floats).toEqual([0, 1, 2, 3, 4, 5].map((i) => `model.layers.${i}.self_attn.q_proj`));
  }
  gpu.memory.budgetBytes = 0;
  const wrong = { length: 8, quantized: { ...quantized, policy: policy('*.w') } };
  await expect(loadLlama(gpu, FOLDER, wrong)).rejects.toThrow('meets no layer');
  const groups = { length: 8, quantized: { backend, options: { method: 'mlx', groupSize: 128 } } };
  await expect(loadLlama(gpu, FOLDER, groups)).rejects.toThrow('rows of 64 elements');
});

test('adapters are drawn by the seed, lora_B is zero, and nothing else is trained', async () => {
  const { gpu } = await hostGpu();
  const load = async (seed: number) => {
    using model = await loadLlama(gpu, FOLDER, { length: 8, adapters: adapters(seed) });
    return await model.parameters.read();
  };
  const first = await load(3);
  expect(Object.keys(first)).toHaveLength(6 * 2 * 2);
  for (const [name, { shape, data }] of Object.entries(first)) {
    const values = [...valuesOf({ dtype: 'f32', shape, data } as never)];
    if (name.endsWith('.lora_B')) expect(values.every((x) => x === 0)).toBe(true);
    else {
      const bound = 1 / Math.sqrt(shape[1] as number);
      expect(values.every((x) => Math.abs(x) <= bound)).toBe(true);
      expect(Math.max(...values)).toBeGreaterThan(bound / 2);
      expect(Math.min(...values)).toBeLessThan(-bound / 2);
    }
  }
  expect(await load(3)).toEqual(first);
  expect(await load(4)).not.toEqual(first);
  expect(gpu.memory.ledger.liveBytes).toBe(0);
});

test('a saved adapter is gone on from, and one that does not fit is refused before it is loaded', async () => {
  const { gpu } = await hostGpu();
  const { modules } = adapters(0);
  const saved = new Map(
    [...modules.keys()].flatMap((name) => {
      const down = name.endsWith('down_proj');
      return [
        [
          `${name}.lora_A`,
          hostTensorFrom(
            'f32',
            [4, down ? 192 : 64],
            new Float64Array(4 * (down ? 192 : 64)).fill(1),
          ),
        ],
        [`${name}.lora_B`, hostTensorFrom('f32', [64, 4], new Float64Array(64 * 4).fill(2))],
      ] as const;
    }),
  );
  const load = (values: typeof saved) =>
    loadLlama(gpu, FOLDER, { length: 8, adapters: { modules, random: new Random(1), values } });
  {
    using model = await load(saved);
    const held = await model.parameters.read();
    expect(held['model.layers.5.mlp.down_proj.lora_B']?.data.every((x) => x === 2)).toBe(true);
    expect(held['model.layers.0.self_attn.q_proj.lora_A']?.data.every((x) => x === 1)).toBe(true);
  }
  gpu.memory.budgetBytes = 0;
  const name = 'model.layers.2.self_attn.q_proj';
  const without = new Map(saved);
  without.delete(`${name}.lora_B`);
  await expect(load(without)).rejects.toThrow(`the adapter lacks ${name}.lora_B`);
  const other = new Map(saved).set(`${name}.lora_A`, hostTensorFrom('f32', [4, 1], [1, 2, 3, 4]));
  await expect(load(other)).rejects.toThrow(`${name}.lora_A is 4x1 and should be 4x64`);
  const more = new Map(saved).set('x.lora_A', hostTensorFrom('f32', [1], [1]));
  await expect(load(more)).rejects.toThrow('the adapter has x.lora_A');
});

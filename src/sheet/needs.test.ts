import { expect, test } from 'vitest';
import { type Architecture, parametersOf } from '../formats/hugging-face/architecture.ts';
import { needsOf, refusalOf } from './needs.ts';
import { PRESETS } from './presets.ts';
import { DEFAULT_SETUP } from './setup.ts';

const preset = (name: string): Architecture =>
  PRESETS.find((each) => each.name === name)?.architecture as Architecture;

test.each([
  // What the safetensors of the models hold, a tied head counted once.
  ['Qwen2.5-0.5B', 494_032_768],
  ['Qwen3-0.6B', 596_049_920],
  ['TinyLlama-1.1B', 1_100_048_384],
  ['Llama-3.2-1B', 1_235_814_400],
  ['Qwen3-1.7B', 1_720_574_976],
  ['Llama-3.2-3B', 3_212_749_824],
  ['Qwen3-4B', 4_022_468_096],
  ['Mistral-7B-v0.3', 7_248_023_552],
  ['Llama-3.1-8B', 8_030_261_248],
  ['Qwen3-14B', 14_768_307_200],
  ['Mistral-Small-24B', 23_572_403_200],
  ['Qwen3-32B', 32_762_123_264],
  ['Llama-3.1-70B', 70_553_706_496],
])('%s has as many parameters as were published', (name, published) => {
  expect(parametersOf(preset(name))).toBe(published);
});

test('there is no preset without a published total above', () => {
  expect(PRESETS).toHaveLength(13);
});

test('half a billion parameters, worked by hand', () => {
  // A block: 2 x 896x896 + 2 x 128x896 + 3 x 4864x896 = 14,909,440 weights, 24 of them 357,826,560.
  const needs = needsOf(preset('Qwen2.5-0.5B'), DEFAULT_SETUP);
  // 0.5625 bytes each; 2 x 896 of norms and 896 + 2 x 128 of biases a block, 896 of the last norm,
  // four bytes each; the table of 151,936 x 896 in two.
  expect(needs.weights).toBe(201_277_440 + 24 * 2944 * 4 + 3584 + 272_269_312);
  // 16 x (2 x 1792 + 2 x 1024 + 3 x 5760) = 366,592 numbers a block.
  expect(needs.adapters).toBe(24 * 366_592 * 4);
  expect(needs.optimizer).toBe(3 * needs.adapters);
  // A block leaves 6 x 896 + 2 + 5 x 896 + 5 x 128 + 28 + 4 x 4864 + 112 = 30,094 numbers a token,
  // and the stream 2 x 896 + 1; 512 tokens. While it is undone there are 2 x 896 + 3 x 4864 gradients
  // of a token, and those of its adapters.
  const stream = 4 * 512 * 1793;
  const again = 4 * (512 * (30_094 + 16_384 - 896) + 366_592);
  // Logits of 8192 tokens of the vocabulary and their gradients, 8 numbers of the loss, and twice 896
  // of the head's input.
  const head = 4 * 512 * (2 * 8192 + 8 + 2 * 896);
  expect(needs.activations).toEqual({
    checkpointed: stream + 4 * 24 * 512 * 896 + again,
    whole: stream + 4 * 24 * 512 * 30_094 + head,
  });
  expect(needs.total).toBe(757_134_848);
  // 6 x 512 x 357,826,560 + 8 x 512 x 8,798,208 + 6 x 512 x 136,134,656 + 4 x 22,548,578,304.
  expect(needs.flopsOfExample).toBe(1_643_680_628_736);
  expect(needs.pieces.find(({ name }) => name === 'model.embed_tokens')?.bytes).toBe(272_269_312);
  expect(needs.pieces.find(({ name }) => name === 'logits')?.bytes).toBe(2 ** 24);
});

test('blocks that are kept are not computed again', () => {
  const setup = { ...DEFAULT_SETUP, checkpointing: false };
  const kept = needsOf(preset('Qwen2.5-0.5B'), setup);
  expect(kept.total).toBe(kept.weights + kept.adapters + kept.optimizer + kept.activations.whole);
  // Two operations of six a weight less, of eight an adapter, and four of sixteen of attention.
  expect(kept.flopsOfExample).toBe(
    1_643_680_628_736 - 2 * 512 * 357_826_560 - 2 * 512 * 8_798_208 - 22_548_578_304,
  );
});

test('moments in 8 bits, worked by hand', () => {
  const needs = needsOf(preset('Qwen2.5-0.5B'), { ...DEFAULT_SETUP, optimizer: 'adamw8bit' });
  // lora_B of keys and of values have 2048 numbers, fewer than 4096, and stay in 32 bits; the other
  // 362,496 numbers of a block are bytes with 1416 scales; two maps of 256 floats.
  expect(needs.optimizer).toBe(
    needs.adapters + 2 * 24 * (362_496 + 4 * 1416 + 4 * 4096) + 2 * 256 * 4,
  );
});

test('more tokens: what a block holds while it is undone outweighs the logits', () => {
  const model: Architecture = { ...preset('Llama-3.1-70B'), vocabulary: 1000 };
  const { activations } = needsOf(model, DEFAULT_SETUP);
  // 6 x 8192 + 2 + 5 x 8192 + 5 x 1024 + 128 + 4 x 28,672 + 112 = 210,162 numbers a token.
  const adapters = 16 * (2 * 16_384 + 2 * 9216 + 3 * 36_864);
  // Of gradients 2 x 8192 + 3 x 28,672 at once.
  expect(activations.checkpointed).toBe(
    4 * (512 * (8192 + 1) + 80 * 512 * 8192 + 512 * (210_162 + 102_400) + adapters),
  );
});

test('halves take two bytes a weight, and are decoded beside an adapter', () => {
  const model = preset('Llama-3.2-1B');
  const { weights, activations, pieces } = needsOf(model, { ...DEFAULT_SETUP, method: 'bf16' });
  // Norms alone are in four: 33 of 2048.
  expect(weights).toBe(2 * 1_235_814_400 + 2 * 33 * 2048);
  const nf4 = needsOf(model, DEFAULT_SETUP).activations;
  // A block has 2 x 2048x2048 + 2 x 512x2048 + 3 x 8192x2048 weights.
  expect(activations.whole - nf4.whole).toBe(4 * 16 * 60_817_408);
  expect(pieces.at(-1)).toEqual({ name: 'decoded', bytes: 4 * 8192 * 2048 });
});

test('a method that takes no such rows says why', () => {
  const odd: Architecture = { ...preset('Llama-3.2-1B'), hidden: 2000 };
  expect(refusalOf(odd, { ...DEFAULT_SETUP, method: 'q4_0' })).toBe(
    'rows of 2000 elements are no groups of 32',
  );
  expect(refusalOf(odd, DEFAULT_SETUP)).toBeUndefined();
  expect(() => needsOf(odd, { ...DEFAULT_SETUP, method: 'none' })).toThrow(
    /no method is named none/,
  );
});

test('blocks that are added are counted in the place of adapters, worked by hand', () => {
  const setup = { ...DEFAULT_SETUP, expansion: 0.5, rank: 16 };
  const model: Architecture = {
    ...preset('TinyLlama-1.1B'),
    ...{ hidden: 256, layers: 4, heads: 4, kvHeads: 4, headDim: 64, intermediate: 512 },
  };
  const needs = needsOf(model, setup);
  const none = needsOf(model, DEFAULT_SETUP);
  // Two of 4 x 256x256 + 3 x 512x256 + 2 x 256 numbers.
  expect(needs.adapters).toBe(4 * 1_311_744);
  expect(needs.optimizer).toBe(3 * needs.adapters);
  expect(needs.weights).toBe(none.weights);
  expect(needs.pieces).toContainEqual({ name: 'added blocks', bytes: 4 * 1_311_744 });
  // Of each token the streams of two more blocks are kept.
  expect(needs.activations.checkpointed).toBeGreaterThan(none.activations.checkpointed);
  const kept = 4 * 512 * (6 * 256 + 2 + 10 * 256 + 8 + 4 * 512);
  expect(needs.activations.whole - none.activations.whole).toBe(2 * kept - 4 * 4 * 512 * 7 * 16);
  expect(refusalOf(model, setup)).toBeUndefined();
  expect(refusalOf(model, { ...setup, expansion: 0.1 })).toBe(
    'expansion_rate 0.1 of 4 blocks is none: give 0.25 or more',
  );
});

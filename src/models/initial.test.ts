import { describe, expect, test } from 'vitest';
import { Mark } from '../tensor/fixtures/mark.ts';
import { valuesOf } from '../tensor/host.ts';
import { Random } from '../tensor/random.ts';
import { sizeOf } from '../tensor/shape.ts';
import { DEFAULT_BYTE_MODEL } from './byte-model/config.ts';
import { drawAdapter, drawBase, linearShapes } from './byte-model/weights.ts';
import { initialConvNet } from './conv-net/initial.ts';
import { type Initial, initialEmbedding, initialLinear, initialNorm } from './initial.ts';
import { initialLlama } from './llama/initial.ts';
import { initialMlp } from './mlp/initial.ts';
import { blocksOf } from './mobilenet-v2/config.ts';
import { initialMobileNetV2 } from './mobilenet-v2/initial.ts';
import { initialSequenceClassifier } from './sequence-classifier/initial.ts';
import { initialTransformer } from './transformer/initial.ts';

const LLAMA = {
  vocab: 20,
  hidden: 8,
  intermediate: 12,
  layers: 2,
  heads: 4,
  kv_heads: 2,
  rms_eps: 1e-6,
  rope_theta: 1e4,
};

const MODELS: Readonly<Record<string, (random: Random) => Initial>> = {
  'conv-net': (random) => initialConvNet({ channels: [1, 4, 6], classes: 3 }, random),
  llama: (random) => initialLlama(LLAMA, random),
  'llama with a tied head': (random) =>
    initialLlama({ ...LLAMA, tie_word_embeddings: true }, random),
  'llama with another head': (random) => initialLlama(LLAMA, random, 0.5),
  mlp: (random) => initialMlp({ inFeatures: 5, hidden: 7, classes: 3 }, random),
  'mobilenet-v2': (random) => initialMobileNetV2({ classes: 4, width: 0.25 }, random),
  'sequence-classifier': (random) =>
    initialSequenceClassifier(
      { vocab: 11, heads: 2, headDim: 3, classes: 2, dropout: 0.1 },
      random,
    ),
  transformer: (random) =>
    initialTransformer(
      { vocab: 11, length: 4, heads: 4, kvHeads: 2, headDim: 2, inner: 5 },
      random,
    ),
};

const find = (initial: Initial, name: string) => initial.find(([each]) => each === name)?.[1];
const count = (initial: Initial) => initial.reduce((sum, [, { shape }]) => sum + sizeOf(shape), 0);

// The weights of a seed are a contract, as its data are: recorded losses hold for them alone.
describe('the weights of a seed stay what they are', () => {
  test.each(Object.entries(MODELS))('%s', (_, initial) => {
    const marks = initial(new Random(3)).map(
      ([name, value]) => `${name} [${value.shape}] ${new Mark().add(valuesOf(value)).text}`,
    );
    expect(marks).toMatchSnapshot();
  });

  test('byte-model', () => {
    const { embedding, weights } = drawBase(DEFAULT_BYTE_MODEL, new Random(3));
    const random = new Random(4);
    const adapters = linearShapes(DEFAULT_BYTE_MODEL).flatMap((shape) =>
      Object.values(drawAdapter(shape, DEFAULT_BYTE_MODEL.r, random)),
    );
    expect(
      [embedding, ...weights, ...adapters].map(
        (value) => `[${value.shape}] ${new Mark().add(valuesOf(value)).text}`,
      ),
    ).toMatchSnapshot();
  });
});

test('linears start within 1 / sqrt(inputs), norms as 1 and 0, embeddings normal', () => {
  for (const [, tensor] of initialLinear('a', [500, 16], new Random(1))) {
    const most = Math.max(...valuesOf(tensor).map(Math.abs));
    expect(most).toBeLessThanOrEqual(0.25);
    expect(most).toBeGreaterThan(0.245);
  }
  expect(initialLinear('a', [5, 16], new Random(1), false).map(([name]) => name)).toEqual([
    'a.weight',
  ]);
  const norm = initialNorm('n', 3, true);
  expect(norm.map(([name, value]) => [name, [...valuesOf(value)]])).toEqual([
    ['n.weight', [1, 1, 1]],
    ['n.bias', [0, 0, 0]],
  ]);
  expect(initialNorm('n', 3, false).length).toBe(1);
  for (const [, rows] of initialEmbedding('e', 40, 50, new Random(1))) {
    expect(rows.shape).toEqual([40, 50]);
    const values = valuesOf(rows);
    expect(values.reduce((sum, x) => sum + x * x, 0) / values.length).toBeCloseTo(1, 1);
  }
});

describe('MobileNetV2', () => {
  test('has the parameters of torchvision', () => {
    // 3,504,872 with 1,000 classes; the statistics of normalizations are no parameters.
    const initial = initialMobileNetV2({ classes: 1000 }, new Random(1));
    expect(count(initial)).toBe(3_504_872);
    expect(find(initial, 'features.0.0.weight')?.shape).toEqual([32, 3, 3, 3]);
    expect(find(initial, 'features.1.conv.0.0.weight')?.shape).toEqual([32, 1, 3, 3]);
    expect(find(initial, 'features.2.conv.1.0.weight')?.shape).toEqual([96, 1, 3, 3]);
    expect(find(initial, 'features.18.0.weight')?.shape).toEqual([1280, 320, 1, 1]);
    expect(find(initial, 'classifier.1.weight')?.shape).toEqual([1000, 1280]);
  });

  test('halves its images five times, and adds inputs to ten blocks', () => {
    const blocks = blocksOf({ classes: 10 });
    const strides = blocks.map(({ layers }) =>
      layers.reduce((product, { stride }) => product * stride, 1),
    );
    expect(strides).toEqual([2, 1, 2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1]);
    expect(blocks.filter(({ residual }) => residual).length).toBe(10);
    const layers = blocks.flatMap(({ layers }) => layers);
    expect(layers.length).toBe(52);
    expect(layers.filter(({ ternary }) => !ternary).map(({ name }) => name)).toEqual([
      'features.0.0',
    ]);
    expect(layers.filter(({ activated }) => !activated).length).toBe(17);
    const stemOf = (options: { ternaryStem?: boolean }) =>
      blocksOf({ classes: 10, ...options })[0]?.layers[0]?.ternary;
    expect([stemOf({}), stemOf({ ternaryStem: true })]).toEqual([false, true]);
    expect(
      layers.every(({ groups, from, kernel }) => groups === (kernel === 3 && from > 3 ? from : 1)),
    ).toBe(true);
  });

  test('rounds its channels to multiples of 8, never below nine tenths', () => {
    const widthsOf = (width: number) => [
      ...new Set(blocksOf({ classes: 10, width }).map(({ layers }) => layers.at(-1)?.to)),
    ];
    expect(widthsOf(0.35)).toEqual([16, 8, 24, 32, 56, 112, 1280]);
    expect(widthsOf(1.4)).toEqual([48, 24, 32, 88, 136, 224, 448, 1792]);
    expect([0.5, 1].map((width) => widthsOf(width).at(-1))).toEqual([1280, 1280]);
    // 8 is nine tenths of 16 * 5 / 9, and more than nine tenths of 16 * 0.5553125.
    expect([5 / 9, 0.5553125].map((width) => widthsOf(width)[1])).toEqual([8, 8]);
  });
});

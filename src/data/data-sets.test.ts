import { describe, expect, test } from 'vitest';
import { Mark } from '../tensor/fixtures/mark.ts';
import { hostTensorFrom, valuesOf } from '../tensor/host.ts';
import { Random } from '../tensor/random.ts';
import { drawCentres, drawNoise } from './centres.ts';
import { drawClusters } from './clusters.ts';
import { splitIndices } from './dataset.ts';
import { collateExamples, drawnDataset } from './drawn.ts';
import { dummyDataset } from './dummy.ts';
import { shuffled } from './epoch.ts';
import type { Examples } from './examples.ts';
import { limitedTexts } from './length-limit.ts';
import { DataLoader } from './loader.ts';
import { drawMajorities } from './majorities.ts';
import { drawRepeats } from './repeats.ts';
import { collateTexts, grammarTexts, randomTexts } from './sequences.ts';
import { drawSpirals } from './spirals.ts';
import { drawStrokes } from './strokes.ts';
import { classifiedTexts, collateClassified, collateImages, noiseImages } from './synthetic.ts';
import { taskLoaders } from './task-loaders.ts';

/** Shapes and values of examples. */
function marksOf({ inputs, labels }: Examples): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries({ ...inputs, labels }).map(([name, tensor]) => [
      name,
      `${tensor.dtype} [${tensor.shape}] ${new Mark().add(valuesOf(tensor)).text}`,
    ]),
  );
}

/** Every item of a data set, below one another. */
function all<Item>(
  dataset: { readonly length: number; item(index: number): Item },
  collate: (items: readonly Item[]) => Examples,
): Examples {
  return collate(Array.from({ length: dataset.length }, (_, i) => dataset.item(i)));
}

const DRAWS = {
  drawCentres,
  drawNoise,
  drawClusters,
  drawMajorities,
  drawRepeats,
  drawSpirals,
  drawStrokes,
};

const texts = { length: 20, seqLength: 9, vocab: 50, seed: 3 };

// Data of a seed are a contract: a recorded loss, a state to go on from and an example of the
// documentation hold for these numbers alone.
describe('the examples of a seed stay what they are', () => {
  test.each(Object.entries(DRAWS))('%s', (_, draw) => {
    expect(marksOf(draw(33, new Random(5)))).toMatchSnapshot();
    expect(marksOf(all(drawnDataset(draw, 7, 2), collateExamples))).toMatchSnapshot();
  });

  test('texts and images', () => {
    expect(marksOf(all(randomTexts(texts), collateTexts))).toMatchSnapshot();
    expect(marksOf(all(grammarTexts(texts), collateTexts))).toMatchSnapshot();
    const classified = classifiedTexts({ ...texts, classes: 3 });
    expect(marksOf(all(classified, collateClassified))).toMatchSnapshot();
    const images = noiseImages({ length: 4, classes: 3, seed: 1 });
    expect(marksOf(all(images, collateImages))).toMatchSnapshot();
  });

  test('splits', () => {
    expect(splitIndices(10, 0.75, 4)).toMatchSnapshot();
  });

  test('orders', () => {
    const dataset = { length: 7, item: (i: number) => [i] };
    const loader = new DataLoader(dataset, collateTexts, { batchSize: 3, seed: 3 });
    expect([loader.batchesOf(0), loader.batchesOf(2)]).toMatchSnapshot();
    const random = new Random(3);
    expect([shuffled(5, random), shuffled(5, random)]).toMatchSnapshot();
  });

  test.each(Object.entries(DRAWS))('%s that are drawn one after the other', (_, draw) => {
    const random = new Random(9);
    draw(3, random);
    expect(marksOf(draw(2, random))).toMatchSnapshot();
  });
});

test('the centres of classes are two deviations wide, and noise has none', () => {
  const spreadOf = (draw: typeof drawNoise) => {
    const { inputs } = draw(2000, new Random(1));
    const x = valuesOf(inputs['x'] as never);
    return Math.sqrt(x.reduce((sum, value) => sum + value * value, 0) / x.length);
  };
  expect(spreadOf(drawNoise)).toBeCloseTo(1, 1);
  expect(spreadOf(drawCentres)).toBeGreaterThan(2);
  expect(spreadOf(drawCentres)).toBeLessThan(2.6);
});

test('a dummy text asks for itself', () => {
  const { length, item } = dummyDataset(texts);
  const { input_ids, labels, attention_mask } = item(4);
  expect(length).toBe(20);
  expect(input_ids).toEqual(randomTexts(texts).item(4));
  expect(labels).toEqual(input_ids);
  expect(labels).not.toBe(input_ids);
  expect(attention_mask).toEqual(new Array(9).fill(1));
});

test('padding asks nothing', () => {
  expect([...collateTexts([[1, 0, 7]]).labels.data]).toEqual([1, -100, 7]);
  expect(collateTexts([]).labels.shape).toEqual([0, 0]);
});

test('the words of a grammar lie as far apart as the vocabulary lets 16 of them', () => {
  const lastOf = (vocab: number) => {
    const { item } = grammarTexts({ length: 1, seqLength: 500, vocab, seed: 4 });
    return Math.max(...item(0));
  };
  // Padding, and then 16 times 1 or 2 tokens.
  expect([17, 32, 33].map(lastOf)).toEqual([16, 16, 31]);
});

test('no texts, and one example, are a batch too', () => {
  expect(collateClassified([]).inputs['ids']?.shape).toEqual([0, 0]);
  expect(collateClassified([{ ids: [5, 6, 7], label: 2 }])).toEqual({
    inputs: { ids: hostTensorFrom('i32', [1, 3], [5, 6, 7]) },
    labels: hostTensorFrom('i32', [1], [2]),
  });
  const one = drawSpirals(1, new Random(1));
  expect(collateExamples([one])).toEqual(one);
});

test('a text as long as the model takes is whole, a longer one is refused or cut', () => {
  const source = randomTexts(texts);
  expect(limitedTexts(source, 9).item(2)).toEqual(source.item(2));
  expect(() => limitedTexts(source, 8).item(2)).toThrow(
    'text 2 has 9 tokens and the model takes 8',
  );
  expect(limitedTexts(source, 8, true).item(2)).toEqual(source.item(2).slice(0, 8));
  expect(limitedTexts(source, 8).length).toBe(20);
});

describe('a loader', () => {
  const dataset = { length: 7, item: (i: number) => [i] };
  const loaderOf = (options: object, indices?: readonly number[]) =>
    new DataLoader(dataset, collateTexts, { batchSize: 3, ...options }, indices);

  test('cuts items into batches in their order, the last with what is left', () => {
    expect(loaderOf({}).batchesOf(0)).toEqual([[0, 1, 2], [3, 4, 5], [6]]);
    expect([loaderOf({}).batchCount, loaderOf({ dropLast: true }).batchCount]).toEqual([3, 2]);
    expect(loaderOf({ dropLast: true }).batchesOf(1)).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    expect(loaderOf({}, [5, 2]).batchesOf(0)).toEqual([[5, 2]]);
  });

  test('draws another order for each epoch, the same for a seed', () => {
    const loader = loaderOf({ seed: 1 });
    const flat = (epoch: number) => loader.batchesOf(epoch).flat();
    expect(flat(0).toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(flat(1)).not.toEqual(flat(0));
    expect(flat(0)).toEqual(loaderOf({ seed: 1 }).batchesOf(0).flat());
    expect(loaderOf({ seed: 1 }, [3, 4]).batchesOf(0).flat().toSorted()).toEqual([3, 4]);
  });

  test('gives the batches of an epoch', () => {
    const given = [...loaderOf({}, [6, 1]).epoch(0)].map(({ labels }) => [...labels.data]);
    expect(given).toEqual([[6, 1].map((i) => (i === 0 ? -100 : i))]);
  });
});

test('the loaders of a task have items of their own, four fifths to train on', () => {
  const spec = { task: 'language-modeling', dataset: randomTexts(texts), batchSize: 3, seed: 2 };
  const { train, validation } = taskLoaders(spec as never);
  const { train: expected, validation: others } = splitIndices(20, 0.8, 2);
  expect([expected.length, others.length]).toEqual([16, 4]);
  expect(train.batchesOf(0).flat().toSorted()).toEqual([...expected].toSorted());
  expect(train.batchesOf(1)).not.toEqual(train.batchesOf(0));
  expect(validation.batchesOf(0).flat()).toEqual(others);
  expect(others).toEqual(others.toSorted((a, b) => a - b));
  expect(train.batchCount).toBe(6);
  expect(taskLoaders({ ...spec, dropLast: true } as never).train.batchCount).toBe(5);
  expect(taskLoaders({ ...spec, dropLast: true } as never).validation.batchCount).toBe(2);
  expect(taskLoaders({ ...spec, trainFraction: 0.5 } as never).train.batchCount).toBe(4);
  const many = { ...spec, dataset: randomTexts({ ...texts, length: 5000 }) };
  expect(
    taskLoaders(many as never)
      .train.batchesOf(0)
      .flat().length,
  ).toBe(4000);
  expect(() => taskLoaders({ ...spec, task: 'audio' } as never)).toThrow(
    'known are language-modeling, text-classification, image-classification',
  );
});

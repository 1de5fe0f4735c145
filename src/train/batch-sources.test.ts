import { describe, expect, test } from 'vitest';
import { drawEpoch } from '../data/epoch.ts';
import type { Draw, Examples } from '../data/examples.ts';
import { hostTensorFrom } from '../tensor/host.ts';
import { Random } from '../tensor/random.ts';
import { DrawnBatches } from './drawn-batches.ts';
import { EpochBatches } from './epoch-batches.ts';
import { GroupedBatches } from './grouped-batches.ts';
import type { BatchSource } from './loop/batch-source.ts';

const draw: Draw = (count, random) => {
  const x = random.fill(count, () => random.integer(0, 1000));
  return {
    inputs: { x: hostTensorFrom('f32', [count, 1], x) },
    labels: hostTensorFrom('i32', [count], x),
  };
};
const examples = draw(7, new Random(1));
const batches = Array.from({ length: 7 }, (_, i) => draw(2, new Random(i)));

/** Epochs one behind the other. */
class Epochs extends EpochBatches {
  override next(): readonly Examples[] | undefined {
    this.begin();
    return super.next();
  }
}

/** Each source with what it gives in a row. */
const SOURCES: Readonly<Record<string, () => BatchSource>> = {
  'batches that are drawn': () => new DrawnBatches({ draw, batchSize: 3, seed: 5 }),
  'batches of another stream': () => new DrawnBatches({ draw, batchSize: 3, seed: 5, stream: 2 }),
  'batches that are given': () => new GroupedBatches(batches, 2),
  epochs: () => new Epochs(examples, 3, 5),
};

const labelsOf = (parts: readonly Examples[] | undefined) =>
  parts?.map(({ labels }) => [...labels.data]);
const taken = (source: BatchSource, steps: number) =>
  Array.from({ length: steps }, () => labelsOf(source.next()));

describe.each(Object.entries(SOURCES))('%s', (_, source) => {
  test.each([0, 1, 2, 3, 4])('go on where %i steps are behind', (step) => {
    const all = taken(source(), 5);
    const sought = source();
    taken(sought, 4);
    sought.seek(step);
    expect(taken(sought, 5 - step)).toEqual(all.slice(step));
  });
});

test('the last step has the batches that are left, and then there are none', () => {
  const sizes = taken(new GroupedBatches(batches, 3), 4).map((parts) => parts?.length);
  expect(sizes).toEqual([3, 3, 1, undefined]);
});

test('batches of an iterator are given once, and cannot be sought', () => {
  const generated = new GroupedBatches(
    (function* () {
      yield* batches;
    })(),
    2,
  );
  const first = labelsOf(generated.next());
  for (const step of [0, 1])
    expect(() => generated.seek(step)).toThrow(
      expect.objectContaining({ code: 'spent-batches', message: expect.stringMatching(/array/) }),
    );
  const rest = taken(generated, 4);
  expect([first, ...rest]).toEqual(taken(new GroupedBatches(batches, 2), 5));
});

test('batches that begin anew at each turn can be sought', () => {
  const anew = {
    *[Symbol.iterator]() {
      yield* batches;
    },
  };
  const source = new GroupedBatches(anew, 2);
  const all = taken(source, 4);
  source.seek(1);
  expect(taken(source, 3)).toEqual(all.slice(1));
});

test('an epoch ends, and the next has another order', () => {
  const source = new EpochBatches(examples, 3, 5);
  expect(source.next()).toBeUndefined();
  source.begin();
  const first = taken(source, 4);
  expect(first.map((parts) => parts?.[0]?.length)).toEqual([3, 3, 1, undefined]);
  source.begin();
  const second = taken(source, 3);
  const inOrder = (steps: typeof first) => steps.flat(2).sort();
  expect(inOrder(second)).toEqual(inOrder(first.slice(0, 3)));
  expect(second).not.toEqual(first.slice(0, 3));
});

test('an epoch that is sought to its end has ended', () => {
  const source = new EpochBatches(examples, 3, 5);
  source.seek(3);
  expect(source.next()).toBeUndefined();
});

test('streams of a seed are apart', () => {
  const [first, second] = [0, 1].map((stream) =>
    taken(new DrawnBatches({ draw, batchSize: 3, seed: 5, stream }), 2),
  );
  expect(first).not.toEqual(second);
});

test('batches are drawn from a stream of the seed', () => {
  const random = new Random(5, 2);
  const expected = [draw(3, random), draw(3, random)].map(({ labels }) => [[...labels.data]]);
  expect(taken(new DrawnBatches({ draw, batchSize: 3, seed: 5, stream: 2 }), 2)).toEqual(expected);
});

test('orders of epochs are drawn from the seed, one behind the other', () => {
  const random = new Random(5);
  const two = [...drawEpoch(examples, 3, random), ...drawEpoch(examples, 3, random)];
  const expected = two.map(({ labels }) => [[...labels.data]]);
  expect(taken(new Epochs(examples, 3, 5), 6)).toEqual(expected);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Random } from '../tensor/random.ts';
import { contextsAt, randomBatch, spreadPositions } from './contexts.ts';

const text = Uint8Array.from({ length: 200 }, (_, i) => i);

test('a context is the bytes before the position, the label the byte there', () => {
  const inverted = text.map((i) => 255 - i);
  const { ids, labels } = contextsAt(inverted, [4, 199], 4);
  expect([ids.dtype, ids.shape, [...ids.data]]).toEqual([
    'i32',
    [2, 4],
    [255, 254, 253, 252, 60, 59, 58, 57],
  ]);
  expect([labels.dtype, labels.shape, [...labels.data]]).toEqual(['i32', [2], [251, 56]]);
});

test('batches repeat for a seed, differ between seeds, and reach the first and the last position', () => {
  const draw = (seed: number) => [...randomBatch(text, 64, 16, new Random(seed)).labels.data];
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
  // Here a label is its own position.
  const many = [...randomBatch(text, 20_000, 16, new Random(3)).labels.data];
  expect([Math.min(...many), Math.max(...many)]).toEqual([16, 199]);
});

test('a batch has as many contexts as are asked for', () => {
  const { ids, labels } = randomBatch(text, 5, 16, new Random(1));
  expect([ids.shape, labels.shape]).toEqual([[5, 16], [5]]);
});

test('positions are spread evenly from the first on', () => {
  // 184 positions, at every 184 / 7 = 26.28...
  expect(spreadPositions(text, 16, 7)).toEqual([16, 42, 68, 94, 121, 147, 173]);
});

test('consecutive batches of one generator differ', () => {
  const random = new Random(5);
  expect([...randomBatch(text, 32, 16, random).labels.data]).not.toEqual([
    ...randomBatch(text, 32, 16, random).labels.data,
  ]);
});

test('spread positions are increasing, in range, and all of them when there is room', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 500 }),
      fc.integer({ min: 1, max: 16 }),
      fc.integer({ min: 1, max: 300 }),
      (length, context, limit) => {
        fc.pre(length > context);
        const positions = spreadPositions(new Uint8Array(length), context, limit);
        expect(positions.length).toBe(Math.min(limit, length - context));
        expect(positions[0]).toBe(context);
        expect(
          positions.every((at, i) => at < length && (i === 0 || at > (positions[i - 1] as number))),
        ).toBe(true);
      },
    ),
  );
});

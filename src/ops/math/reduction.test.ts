import { describe, expect, test } from 'vitest';
import { hostGpu } from '../../gpu/fixtures/host-gpu.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { launchesOf, type TracedCall } from '../fixtures/launches.ts';
import { convert } from './convert.ts';
import {
  chunkedDepth,
  partsOf,
  reducedShape,
  reductionFields,
  reductionOf,
  reductionOfFours,
  reductionOfParts,
} from './reduction.ts';
import { sumToSize } from './sum.ts';

test.each([
  [0, 1],
  [1, 1],
  [256, 1],
  [257, 2],
  [512, 2],
  [65_537, 257],
])('%i terms are shared out to %i invocations', (terms, parts) => {
  expect(partsOf(terms)).toBe(parts);
});

test.each([
  [7, 7],
  [256, 256],
  // Two shares of 129 at most, and two terms then.
  [257, 131],
  // 257 shares of 256, two of 129, and two.
  [65_537, 256 + 131],
])('a sum of %i terms has the depth %i', (terms, depth) => {
  expect(chunkedDepth(terms)).toBe(depth);
});

describe('a reduction', () => {
  const along = (...axes: number[]) =>
    reductionOf([2, 3, 5], (dimension) => axes.includes(dimension));

  test('walks what stays, and the terms of each', () => {
    expect(along(1)).toEqual({
      count: 10,
      terms: 3,
      kept: [
        { size: 5, strides: [1] },
        { size: 2, strides: [15] },
      ],
      reduced: [{ size: 3, strides: [5] }],
      innerKept: true,
    });
    expect(along(2)).toEqual({
      count: 6,
      terms: 5,
      kept: [{ size: 6, strides: [5] }],
      reduced: [{ size: 5, strides: [1] }],
      innerKept: false,
    });
  });

  test('of all elements keeps one, of none each', () => {
    expect(along(0, 1, 2)).toMatchObject({ count: 1, terms: 30, kept: [], innerKept: false });
    expect(along()).toMatchObject({ count: 30, terms: 1, reduced: [], innerKept: true });
  });

  test('of the shares of a pass walks them as they were stored', () => {
    expect(reductionOfParts(6, 3, false)).toEqual({
      count: 6,
      terms: 3,
      kept: [{ size: 6, strides: [3] }],
      reduced: [{ size: 3, strides: [1] }],
      innerKept: false,
    });
    expect(reductionOfParts(6, 3, true, 2)).toEqual({
      count: 6,
      terms: 3,
      kept: [{ size: 6, strides: [2] }],
      reduced: [{ size: 3, strides: [12] }],
      innerKept: true,
    });
    expect(reductionOfParts(6, 3, false, 2)).toMatchObject({
      kept: [{ strides: [6] }],
      reduced: [{ strides: [2] }],
    });
  });

  test('is told to a kernel by its counts, a scale and its axes', () => {
    const values = reductionFields('sum', along(1)).map(({ value }) => value);
    expect(values.slice(0, 8)).toEqual([10, 3, 1, 2, 0, 1, 1, 3]);
    expect(values.slice(8, 24)).toEqual([5, 1, 0, 0, 2, 15, 0, 0, 3, 5, 0, 0, 0xffffffff, 0, 0, 0]);
    const scaled = reductionFields('sum', along(1), { kind: 'f32', value: 0.5 });
    expect(scaled[4]).toEqual({ kind: 'f32', value: 0.5 });
    expect(scaled).toHaveLength(40);
  });
});

describe('the shares of a sum', () => {
  const sharesOf = (shape: readonly number[], ...axes: number[]) =>
    reductionFields(
      'sum',
      reductionOf(shape, (d) => axes.includes(d)),
    )
      .slice(2, 8)
      .map(({ value }) => value);

  test('take turns along one axis, and along one that is long beside others', () => {
    // Parts, axes that stay, no scale; each third term of all 600.
    expect(sharesOf([5, 600], 1)).toEqual([3, 1, 0, 1, 3, 600]);
    expect(sharesOf([600, 5], 0)).toEqual([3, 1, 0, 1, 3, 600]);
    // 3200 terms in 13 shares: runs of 16 terms for each.
    expect(sharesOf([2, 3, 1600], 0, 2)).toEqual([13, 1, 0, 1, 13, 3200]);
    expect(sharesOf([16, 3, 208], 0, 2)).toEqual([13, 1, 0, 1, 13, 3328]);
  });

  test('are terms that follow each other where none is long', () => {
    expect(sharesOf([16, 3, 207], 0, 2)).toEqual([13, 1, 0, 255, 1, 255]);
    expect(sharesOf([100, 3, 7], 0, 2)).toEqual([3, 1, 0, 234, 1, 234]);
  });
});

test('terms that lie beside each other in whole fours are taken by fours', () => {
  const of = (shape: readonly number[], ...axes: readonly number[]) =>
    reductionOfFours(reductionOf(shape, (d) => axes.includes(d)));
  expect(of([5, 3, 8], 0, 2)).toEqual({
    count: 3,
    terms: 10,
    kept: [{ size: 3, strides: [2] }],
    reduced: [
      { size: 2, strides: [1] },
      { size: 5, strides: [6] },
    ],
    innerKept: false,
  });
  expect(of([5, 6], 1)).toBeUndefined();
  expect(of([8, 4], 0)).toBeUndefined();
});

describe('the axes of a reduction', () => {
  const of = (axes: readonly number[], keepdims = false) =>
    reducedShape('reduce_sum', [2, 3, 5], { axes, keepdims } as Parameters<typeof reducedShape>[2]);

  test('are left out of the shape, or kept as one element', () => {
    expect([of([1]).shape, of([1]).kept]).toEqual([
      [2, 5],
      [2, 1, 5],
    ]);
    expect(of([-1, 0], true).shape).toEqual([1, 3, 1]);
    expect(of([0, 1, 2]).shape).toEqual([1]);
    expect(of([0, 1, 2], true).shape).toEqual([1, 1, 1]);
    expect([0, 1, 2].map(of([0, -1]).drops)).toEqual([true, false, true]);
  });

  test('are there, and named once', () => {
    expect(() => of([3])).toThrow('reduce_sum: a tensor of 2x3x5 has no axis 3');
    expect(() => of([1, -2])).toThrow('reduce_sum: an axis of [1, -2] of 2x3x5 is named twice');
  });
});

const EVEN = Array.from({ length: 20 }, (_, d) => d).filter((d) => d % 2 === 0);
const reduced = {
  inputs: { x: new Array<number>(20).fill(2) },
  params: { axes: EVEN, keepdims: true },
};
const alternating = (first: number) => EVEN.map((d) => (d % 4 === first ? 2 : 1));

test.each<[op: string, TracedCall, kernel: string, dimensions: number]>([
  ['reduce_sum', reduced, 'math/reduce_sum', 20],
  ['reduce_max', reduced, 'math/argmax', 20],
  ['add', { inputs: { a: alternating(0), b: alternating(2) } }, 'math/add', 10],
])('of %s a kernel that cannot walk so many dimensions is named', async (op, call, kernel, n) => {
  await expect(launchesOf(op, call)).rejects.toMatchObject({
    message: `${kernel}: ${n} separate dimensions; at most 8 are walked`,
  });
});

test('operands that do not broadcast are refused by their kernel', async () => {
  await expect(launchesOf('add', { inputs: { a: [2, 3], b: [4] } })).rejects.toMatchObject({
    message: 'math/add: 2x3 and 4 do not broadcast',
  });
});

test('a maximum of no terms is none, one of no elements is empty', async () => {
  const of = (x: readonly number[]) =>
    launchesOf('reduce_max', { inputs: { x }, params: { axes: [1] } });
  await expect(of([2, 0])).rejects.toThrow(
    'a maximum over no elements, of a tensor of 2x0, is none',
  );
  expect(await of([0, 2])).toEqual([]);
});

test('a sum goes to what broadcasts to its terms, and to nothing else', async () => {
  const { gpu } = await hostGpu();
  using x = Tensor.zeros(gpu, [2, 4]);
  using empty = Tensor.zeros(gpu, [2, 0]);
  expect(() => sumToSize(gpu, x, [3])).toThrow('sum_to_size: 3 does not broadcast to 2x4');
  // Nothing is added where nothing repeats, although the rows are of no elements.
  using same = sumToSize(gpu, empty, [2, 0]);
  expect(same.shape).toEqual([2, 0]);
});

test('what is no type of numbers is not converted', async () => {
  const { gpu } = await hostGpu();
  using x = Tensor.empty(gpu, 'u32', [4]);
  expect(() => convert(gpu, x, 'f32')).toThrow('cast: u32 is no type of numbers; give one of f32');
});

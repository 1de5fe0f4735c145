import { expect, test } from 'vitest';
import { imagesOf, outputSize, type Window } from './window.ts';

const windowOf = (more: Partial<Window>): Window => ({
  kernel: [3, 2],
  stride: [1, 1],
  padding: [0, 0, 0, 0],
  dilation: [1, 1],
  ...more,
});

/** Height and width of an image of 10 x 7. */
const sizeWith = (more: Partial<Window>) => outputSize('conv2d', [2, 4, 10, 7], windowOf(more));

test.each<[string, Partial<Window>, [number, number]]>([
  ['one step at a time', {}, [8, 6]],
  ['of the size of the image', { kernel: [10, 7] }, [1, 1]],
  ['by other steps', { stride: [3, 2] }, [3, 3]],
  ['with rows above and columns to the left', { padding: [2, 1, 0, 0] }, [10, 7]],
  ['with rows below and columns to the right', { padding: [0, 0, 3, 4] }, [11, 10]],
  ['with holes', { dilation: [4, 5] }, [2, 2]],
  ['with steps that do not end at the edge', { stride: [4, 4] }, [2, 2]],
  ['rounded up, where the last one begins inside', { stride: [4, 4], ceil_mode: true }, [3, 2]],
  ['rounded up where nothing is left', { stride: [7, 5], ceil_mode: true }, [2, 2]],
  [
    'rounded up, in the rows above and the columns to the left',
    { stride: [4, 3], padding: [4, 3, 0, 0], ceil_mode: true },
    [4, 4],
  ],
  [
    'rounded up, but not into the rows below and the columns to the right',
    { stride: [4, 3], padding: [0, 0, 4, 2], ceil_mode: true },
    [3, 3],
  ],
])('a window slides %s', (_, more, size) => {
  expect(sizeWith(more)).toEqual(size);
});

test.each<[string, Partial<Window>]>([
  ['higher', { kernel: [11, 2] }],
  ['wider', { kernel: [3, 8] }],
  ['spread further', { dilation: [5, 1] }],
])('a window that is %s than the image does not fit', (_, more) => {
  expect(() => sizeWith(more)).toThrow(
    `conv2d: a window of ${(more.kernel ?? [3, 2]).join('x')} does not fit into 10x7 with its padding`,
  );
});

test.each<[string, Partial<Window>]>([
  ['a kernel of no rows', { kernel: [0, 2] }],
  ['half a step', { stride: [1, 0.5] }],
  ['no step', { stride: [0, 1] }],
  ['no dilation', { dilation: [1, 0] }],
  ['less than no padding', { padding: [0, 0, -1, 0] }],
  ['half a row of padding', { padding: [0.5, 0, 0, 0] }],
])('%s is refused', (_, more) => {
  expect(() => sizeWith(more)).toThrow('whole numbers from 1 on, padding from 0 on');
});

test('images have four dimensions, and one without a batch has three', () => {
  expect(imagesOf('conv2d', [1, 2, 3, 4])).toEqual([1, 2, 3, 4]);
  expect(imagesOf('conv2d', [2, 3, 4])).toEqual([1, 2, 3, 4]);
  for (const shape of [
    [3, 4],
    [1, 1, 2, 3, 4],
  ])
    expect(() => imagesOf('conv2d', shape)).toThrow('should be [N, C, H, W], or [C, H, W]');
});

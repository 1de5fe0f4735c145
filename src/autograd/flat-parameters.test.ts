import { describe, expect, test } from 'vitest';
import { flatLayout } from './flat-parameters.ts';

test('parameters follow each other at multiples of 64 floats', () => {
  const { entries, length } = flatLayout(
    new Map([
      ['a', [3, 5]],
      ['b', [8, 8]],
      ['c', [65]],
      ['d', [1]],
    ]),
    1024,
  );
  expect([...entries].map(([name, { offset }]) => [name, offset])).toEqual([
    ['a', 0],
    ['b', 64],
    ['c', 128],
    ['d', 256],
  ]);
  expect(length).toBe(320);
});

describe('segments', () => {
  const shapes = new Map([
    ['a', [3, 5]],
    ['b', [64]],
    ['c', [129]],
    ['d', [1]],
    ['e', [1]],
  ]);

  test.each([
    ['hold all where all fits', 512, [448]],
    ['hold all where all just fits', 448, [448]],
    ['end before what does not fit any more', 192, [128, 192, 128]],
    ['hold one that is larger by itself', 64, [64, 64, 192, 64, 64]],
  ])('%s', (_, longest, segments) => {
    const { entries, length, segments: lengths } = flatLayout(shapes, longest);
    expect(lengths).toEqual(segments);
    expect(entries).toEqual(flatLayout(shapes, 512).entries);
    expect(length).toBe(448);
  });

  test('are one of no length where there are no parameters', () => {
    expect(flatLayout(new Map(), 64).segments).toEqual([0]);
  });

  test('begin with what is too large for one', () => {
    const large = new Map([
      ['c', [129]],
      ['d', [1]],
    ]);
    expect(flatLayout(large, 64).segments).toEqual([192, 64]);
  });
});

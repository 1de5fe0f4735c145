import { expect, test } from 'vitest';
import { blocksOf, type MobileNetV2Config } from './config.ts';

/** The channels that each block gives, with the times that blocks in a row give as many. */
function channelsOf(config: MobileNetV2Config): readonly (readonly [number, number])[] {
  const runs: [channels: number, count: number][] = [];
  for (const { layers } of blocksOf(config)) {
    const to = layers.at(-1)?.to ?? 0;
    const last = runs.at(-1);
    if (last?.[0] === to) last[1] += 1;
    else runs.push([to, 1]);
  }
  return runs;
}

// Table 2 of Sandler et al., 2018, times the width: all are multiples of 8.
test.each([1, 10])('blocks have the channels of the table, %d times', (width) => {
  expect(channelsOf({ classes: 5, width })).toEqual([
    [32 * width, 1],
    [16 * width, 1],
    [24 * width, 2],
    [32 * width, 3],
    [64 * width, 4],
    [96 * width, 3],
    [160 * width, 3],
    [320 * width, 1],
    [1280 * width, 1],
  ]);
});

test('channels are the nearest multiple of 8, at least nine tenths, and of the last no fewer', () => {
  // 16 and 24 times 2.75 are 44 and 66: halfway up to 48, and down to 64.
  expect(channelsOf({ classes: 5, width: 2.75 }).slice(1, 3)).toEqual([
    [48, 1],
    [64, 2],
  ]);
  // 0.35 of 32, 16, 24, ..., 320: 11.2 to 8 would be less than nine tenths; 5.6 to 8.
  expect(channelsOf({ classes: 5, width: 0.35 })).toEqual([
    [16, 1],
    [8, 3],
    [16, 3],
    [24, 4],
    [32, 3],
    [56, 3],
    [112, 1],
    [1280, 1],
  ]);
});

test('an inverted residual expands, but the first, and adds its input where nothing changes', () => {
  const blocks = blocksOf({ classes: 5 });
  expect(
    blocks.map(({ layers, residual }) => [
      ...layers.map(({ kernel, stride, groups }) => `${kernel}/${stride}/${groups}`),
      residual,
    ]),
  ).toEqual([
    ['3/2/1', false],
    ['3/1/32', '1/1/1', false],
    ...[
      [96, 2],
      [144, 1],
      [144, 2],
      [192, 1],
      [192, 1],
      [192, 2],
      ...new Array(3).fill([384, 1]),
      [384, 1, 'more'],
      ...new Array(2).fill([576, 1]),
      [576, 2],
      ...new Array(2).fill([960, 1]),
      [960, 1, 'more'],
    ].map(([hidden, stride, more], i) => [
      ...['1/1/1', `3/${stride}/${hidden}`, '1/1/1'],
      // The first of a row has other channels than what it is given.
      stride === 1 && more === undefined && i > 0,
    ]),
    ['1/1/1', false],
  ]);
});

test('channels are not raised where the multiple of 8 is nine tenths of them', () => {
  // 32 channels times this are 8 / 0.9.
  const [stem] = blocksOf({ width: 8 / 0.9 / 32 } as MobileNetV2Config);
  expect(stem?.layers[0]?.to).toBe(8);
});

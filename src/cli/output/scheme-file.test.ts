import { expect, test } from 'vitest';
import type { SchemeTotal } from '../../quantizer/choosing/totals.ts';
import { schemeFile } from './scheme-file.ts';

const total = (method: string, bits: number, error: number, isOnFront = true): SchemeTotal => ({
  scheme: { method, bits, groupSize: 64 },
  weightError: error,
  outputError: error,
  bytes: bits * 8,
  bitsPerWeight: bits,
  quantizeMs: 1,
  multiplyMs: 1,
  done: 1,
  layers: 1,
  isOnFront,
});

test('draws a mark for each scheme and the front as steps between its marks', () => {
  const drawn = schemeFile([total('a', 2, 0.5), total('<b>', 4, 0.1), total('c', 5, 0.2, false)]);
  expect(drawn?.match(/<circle/g)).toHaveLength(3);
  const [, points = ''] = /<polyline points="([^"]*)"/.exec(drawn ?? '') ?? [];
  const corners = points.split(' ').map((corner) => corner.split(',').map(Number));
  expect(corners).toHaveLength(3);
  // First to the right at the same error, then down.
  expect(corners[1]).toEqual([corners[2]?.[0], corners[0]?.[1]]);
  expect(drawn).toContain('&lt;b&gt; 4 g64');
});

test('draws nothing where no scheme can be drawn', () => {
  expect(schemeFile([])).toBeUndefined();
  expect(schemeFile([total('exact', 4, 0)])).toBeUndefined();
  expect(schemeFile([{ ...total('part', 4, 0.1), layers: 2 }])).toBeUndefined();
});

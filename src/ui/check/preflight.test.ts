import { expect, test } from 'vitest';
import { type Facts, findings } from './preflight.ts';

const adapter = {
  vendor: 'apple',
  architecture: 'metal-3',
  device: '',
  description: '',
  isFallback: false,
  f16: true,
  bufferBytes: 2 ** 31,
  storageBindingBytes: 2 ** 31,
};
const good: Facts = {
  secureContext: true,
  webgpu: true,
  adapter,
  browser: 'Chrome 156',
  runtime: 'chromium',
  os: 'Macintosh',
};
const codes = (facts: Facts) => findings(facts).map(({ code }) => code);

test('finds nothing where all is well', () => {
  expect(findings(good)).toEqual([]);
});

test('names the first thing that blocks, and only that', () => {
  expect(codes({ ...good, secureContext: false, webgpu: false, adapter: null })).toEqual([
    'insecure-context',
  ]);
  expect(codes({ ...good, webgpu: false, adapter: null })).toEqual(['no-webgpu']);
  expect(codes({ ...good, adapter: null })).toEqual(['no-adapter']);
});

test('lists warnings that do not block, heaviest first', () => {
  expect(codes({ ...good, coarseClock: true })).toEqual(['coarse-clock']);
  const poor = {
    ...adapter,
    isFallback: true,
    f16: false,
    bufferBytes: 2 ** 31,
    storageBindingBytes: 2 ** 27,
  };
  expect(codes({ ...good, adapter: poor })).toEqual([
    'fallback-adapter',
    'limits-not-raised',
    'missing-f16',
  ]);
  expect(findings({ ...good, adapter: poor }).map(({ weight }) => weight)).toEqual([
    'warns',
    'informs',
    'informs',
  ]);
});

test.each(['chromium', 'edge', 'firefox', 'safari', 'browser'])(
  'has a next action for every obstacle in %s',
  (runtime) => {
    for (const os of ['X11; Linux x86_64', 'Windows NT 10.0', 'Macintosh']) {
      const here = { ...good, runtime, os };
      const obstacles = [
        ...findings({ ...here, secureContext: false }),
        ...findings({ ...here, webgpu: false, adapter: null }),
        ...findings({ ...here, adapter: null }),
        ...findings({ ...here, adapter: { ...adapter, isFallback: true } }),
      ];
      expect(obstacles).toHaveLength(4);
      for (const { actions } of obstacles) expect(actions.length).toBeGreaterThan(0);
    }
  },
);

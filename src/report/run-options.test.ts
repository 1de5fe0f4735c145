import { expect, test } from 'vitest';
import { DEFAULT_RUN_OPTIONS } from './run-options.ts';

// Another default is another run under the same name.
test('a run is the quick tier of everything, once, with seed 42 and two workers', () => {
  expect(DEFAULT_RUN_OPTIONS).toEqual({
    ...{ tier: 'quick', filters: [], shard: { index: 1, count: 1 } },
    ...{ retries: 0, controls: false, seed: 42, shuffle: false, workers: 2 },
  });
});

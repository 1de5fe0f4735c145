import { expect, test } from 'vitest';
import { SHARDING_STRATEGIES } from '../../train/sharded/strategies.ts';
import { asksItself } from './asks-itself.ts';

test('the page asks a model by itself when it is loaded and when all is learnt', () => {
  for (const type of ['start', 'talking'] as const) expect(asksItself({ type }, {})).toBe(true);
  for (const type of ['loaded', 'step', 'paused'] as const)
    expect(asksItself({ type }, {})).toBe(false);
});

test('the page asks a model in parts by itself only when all is learnt', () => {
  const asked = (type: 'start' | 'talking') =>
    SHARDING_STRATEGIES.filter((strategy) =>
      asksItself({ type }, { sharding: { workers: 2, strategy } }),
    );
  expect(asked('start')).toEqual(SHARDING_STRATEGIES.filter((name) => name !== 'full_shard'));
  expect(asked('talking')).toEqual(SHARDING_STRATEGIES);
});

import { expect, test } from 'vitest';
import type { PlanEntry } from '../../harness/events.ts';
import type { Tier } from '../../report/tiers.ts';
import { tierThatFinds } from './choice.ts';

const entry = (id: string, tier: Tier): PlanEntry => ({
  id,
  backend: 'webgpu',
  suite: id.split(':')[0] ?? '',
  tier,
  description: '',
  control: 'a named fault',
  covers: [],
});
const PLAN = [
  entry('ops.nn.silu:a', 'quick'),
  entry('train.soak:a', 'full'),
  entry('train.soak:b', 'full'),
  entry('train.soak:c', 'slow'),
];
const PROGRESS = { results: new Map(), running: new Set<string>(), waiting: new Set<string>() };
const found = (filters: readonly string[], words = '') =>
  tierThatFinds(PLAN, { options: { filters }, words }, PROGRESS);

test('the smallest tier that has what is asked for is proposed', () => {
  expect(found(['train.soak:*'])).toEqual({ tier: 'full', found: 2 });
  expect(found([], 'soak')).toEqual({ tier: 'full', found: 2 });
  expect(found(['train.soak:c'])).toEqual({ tier: 'slow', found: 1 });
  expect(found(['ops.*'])).toEqual({ tier: 'quick', found: 1 });
});

test('none is where no tier has it, or the words choose a tier themselves', () => {
  expect(found(['train.soak:z'])).toBeUndefined();
  expect(found(['train.soak:c'], 'tier:quick')).toBeUndefined();
});

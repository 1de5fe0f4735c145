import { expect, test } from 'vitest';
import type { Case } from '../testing/suite.ts';
import { select } from './plan.ts';

const caseOf = (id: string, tier: Case['tier'] = 'quick', backend = 'webgpu'): Case =>
  ({ id, tier, backend }) as Case;

const CASES = [
  caseOf('b.op:two'),
  caseOf('a.op:one'),
  caseOf('b.op:one', 'full'),
  caseOf('b.op:three'),
  caseOf('b.op:four', 'slow'),
  caseOf('a.op:two'),
];
const WHOLE = { index: 1, count: 1 };
const chosen = (options: Partial<Parameters<typeof select>[1]> = {}): readonly string[] =>
  select(CASES, { tier: 'quick', filters: [], shard: WHOLE, ...options }).map(({ id }) => id);

test('cases are in the order of their keys, of the tier and those that it includes', () => {
  expect(chosen()).toEqual(['a.op:one', 'a.op:two', 'b.op:three', 'b.op:two']);
  expect(chosen({ tier: 'full' })).toEqual([
    'a.op:one',
    'a.op:two',
    'b.op:one',
    'b.op:three',
    'b.op:two',
  ]);
  expect(chosen({ tier: 'slow' })).toHaveLength(6);
});

test('shards are of what the filters leave, as equal as can be', () => {
  const shardsOf = (filters: readonly string[]) =>
    [1, 2].map((index) => chosen({ tier: 'full', filters, shard: { index, count: 2 } }));
  expect(shardsOf(['b.*'])).toEqual([['b.op:one', 'b.op:two'], ['b.op:three']]);
  expect(shardsOf([])).toEqual([
    ['a.op:one', 'b.op:one', 'b.op:two'],
    ['a.op:two', 'b.op:three'],
  ]);
});

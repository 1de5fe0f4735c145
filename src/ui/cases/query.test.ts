import { expect, test } from 'vitest';
import type { PlanEntry } from '../../harness/events.ts';
import type { CaseState } from './case-state.ts';
import { missOf } from './miss.ts';
import { find, parseQuery, splitQuery } from './query.ts';

const entry = (id: string, tier: PlanEntry['tier'] = 'quick', description = ''): PlanEntry => ({
  id,
  backend: 'webgpu',
  suite: id.split(':')[0] ?? '',
  tier,
  description,
  control: 'a named fault',
  covers: [],
});
const plan = [
  entry('ops.nn.silu:legal;x=3', 'quick', 'x times its sigmoid'),
  entry('ops.nn.silu:exact;x=3'),
  entry('ops.nn.softmax:legal;x=3', 'full'),
  entry('train.tape:sum', 'slow'),
];
const caseStates: Readonly<Record<string, CaseState>> = {
  'ops.nn.silu:legal;x=3': 'fail',
  'ops.nn.silu:exact;x=3': 'pass',
};
const caseState = ({ id }: PlanEntry): CaseState => caseStates[id] ?? 'not-run';
const found = (query: string) => find(parseQuery(query), plan, caseState).map(({ id }) => id);
const miss = (query: string) => missOf(parseQuery(query), plan, caseState);

test('patterns are alternatives, words must all occur, in any case and in descriptions too', () => {
  expect(found('')).toHaveLength(4);
  expect(found('ops.nn.silu:* train.*')).toEqual([plan[0], plan[1], plan[3]].map((one) => one?.id));
  expect(found('SILU legal')).toEqual(['ops.nn.silu:legal;x=3']);
  expect(found('sigmoid')).toEqual(['ops.nn.silu:legal;x=3']);
  expect(found('ops.nn.silu:exact;x=3')).toEqual(['ops.nn.silu:exact;x=3']);
  expect(found('ops.* legal')).toEqual(['ops.nn.silu:legal;x=3', 'ops.nn.softmax:legal;x=3']);
});

test('filters by status and tier; ! negates each', () => {
  expect(found('status:fail status:pass')).toEqual([
    'ops.nn.silu:legal;x=3',
    'ops.nn.silu:exact;x=3',
  ]);
  expect(found('status:wrong')).toEqual(['ops.nn.silu:legal;x=3']);
  expect(found('ops.* !status:wrong !tier:full')).toEqual(['ops.nn.silu:exact;x=3']);
  expect(found('tier:slow')).toEqual(['train.tape:sum']);
  expect(found('!ops.* ')).toEqual(['train.tape:sum']);
  expect(found('!silu !tape')).toEqual(['ops.nn.softmax:legal;x=3']);
});

test('an incomplete term filters nothing', () => {
  expect(parseQuery('status: ! !! tier:')).toEqual([]);
});

test('patterns are those of the command line, everything else is a word', () => {
  expect(splitQuery(' silu  ops.* !*f16* !half status:fail ')).toEqual({
    filters: ['ops.*', '!*f16*'],
    words: 'silu !half status:fail',
  });
});

test('a query of a thousand words without a match is answered at once', () => {
  const words = Array.from({ length: 1000 }, (_, i) => `!nowhere-${i}`);
  expect(miss(`silu softmax ${words.join(' ')}`)).toMatchObject({ why: 'together' });
});

test('says what to change where nothing matches', () => {
  expect(miss('silu')).toBeUndefined();
  expect(miss('')).toBeUndefined();
  expect(miss('status:failed')).toMatchObject({ why: 'unknown', term: { text: 'failed' } });
  expect(miss('silo')).toMatchObject({ why: 'nowhere', near: ['ops.nn.silu:*'] });
  expect(miss('sofmax')).toMatchObject({ why: 'nowhere', near: ['ops.nn.softmax:*'] });
  expect(miss('silu:legal')).toMatchObject({ why: 'nowhere', near: ['*silu:legal*'] });
  expect(miss('nothing-like-it')).toEqual({
    why: 'nowhere',
    term: { kind: 'word', text: 'nothing-like-it', not: false },
    near: [],
  });
  expect(miss('softmax status:fail')).toMatchObject({
    why: 'together',
    term: { text: 'fail' },
    left: 1,
  });
  expect(miss('tier:slow silu')).toMatchObject({
    why: 'together',
    term: { text: 'slow' },
    left: 2,
  });
});

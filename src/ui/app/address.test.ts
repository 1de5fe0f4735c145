import { expect, test } from 'vitest';
import { formatAddress, isPairFragment, optionsOf, parseAddress, queryText } from './address.ts';
import { views } from './views.ts';

const parsed = (search: string) => parseAddress(search, views);

test('reads view, tier and filters', () => {
  const address = parsed('?view=train&tier=full&filter=ops.*&filter=!*fp16*');
  expect(address.view).toBe('train');
  expect(optionsOf(address)).toMatchObject({
    tier: 'full',
    filters: ['ops.*', '!*fp16*'],
    seed: 42,
  });
});

test('an empty address is the quick tier of everything', () => {
  expect(parsed('')).toEqual({ view: 'check', pair: {}, options: {}, others: [] });
  expect(formatAddress(parsed('?'))).toBe('?');
});

test('says what is wrong with an option, and runs by the defaults', () => {
  const address = parsed('?tier=huge&filter=ops.*');
  expect(address.problem).toContain('huge');
  expect(address.options).toEqual({});
  expect(parsed('?view=nowhere').view).toBe('check');
});

test('takes nothing from a query of more than 4,000 characters', () => {
  const address = parsed(`?view=train&q=${'a+b+'.repeat(2000)}`);
  expect(address).toMatchObject({
    view: 'train',
    options: {},
    problem: expect.stringContaining('4,000'),
  });
  expect(queryText(address)).toBe('');
});

test('writes an id as people read it, and reads it back', () => {
  const id = 'ops.matmul.matmul:exact;a=37x53;b=53x29,ta=true&#+ %';
  const search = formatAddress({
    view: 'check',
    options: { filters: [id.replace(' ', '')], tier: 'slow' },
    others: [],
  });
  expect(search).toContain('ops.matmul.matmul:exact;a=37x53;b=53x29,ta=true%26%23%2B%25');
  expect(parsed(search).options).toEqual({ filters: [id.replace(' ', '')], tier: 'slow' });
});

test('keeps options that have no field on the page', () => {
  const address = parsed('?seed=7&shard=1/4&shuffle&other=1');
  expect(optionsOf(address)).toMatchObject({
    seed: 7,
    shard: { index: 1, count: 4 },
    shuffle: true,
  });
  expect(formatAddress(address)).toBe('?seed=7&shard=1/4&shuffle');
});

test('names the results that are compared, and only there', () => {
  const search =
    '?view=compare&before=baseline/node-swiftshader&after=run/2026-11-20T09-00-00Z-5f1c';
  expect(parsed(search).pair).toEqual({
    before: 'baseline/node-swiftshader',
    after: 'run/2026-11-20T09-00-00Z-5f1c',
  });
  expect(formatAddress(parsed(search))).toBe(search);
  expect(parsed('?view=compare&before=../x&after=link/abc').pair).toEqual({});
  expect(formatAddress({ ...parsed(search), view: 'check' })).toBe('?');
});

test('links that are compared stand in the fragment, which no server is told', () => {
  const search = '?view=compare&before=baseline/node-swiftshader';
  const address = parseAddress(search, views, '#after=AZKS0_m-z');
  expect(address.pair).toEqual({
    before: 'baseline/node-swiftshader',
    after: 'link/AZKS0_m-z',
  });
  expect(formatAddress(address)).toBe(`${search}#after=AZKS0_m-z`);
  expect(formatAddress({ ...address, view: 'check' })).toBe('?');
  const both = parseAddress('?view=compare', views, '#before=AA&after=BB');
  expect(formatAddress(both)).toBe('?view=compare#before=AA&after=BB');
  expect(parseAddress('?view=compare', views, '#AZKS0').pair).toEqual({});
  expect(parseAddress('?view=compare', views, '#after=<img>').pair).toEqual({});
  expect([isPairFragment('#after=BB'), isPairFragment('#AZKS0_m-z')]).toEqual([true, false]);
});

test('points at a row of the suites, and only there', () => {
  const search = '?view=suites&row=triton.errors.zero-sized-tensor';
  expect(parsed(search).row).toBe('triton.errors.zero-sized-tensor');
  expect(formatAddress(parsed(search))).toBe(search);
  expect(parsed('?view=suites&row=<b>').row).toBeUndefined();
  expect(formatAddress({ ...parsed(search), view: 'check' })).toBe('?');
});

test('holds the words of a query that are not patterns', () => {
  const address = parsed('?filter=ops.*&q=silu+!f16+status:fail');
  expect(queryText(address)).toBe('ops.* silu !f16 status:fail');
  expect(formatAddress(address)).toBe('?filter=ops.*&q=silu+!f16+status:fail');
});

test('holds what the sheet is asked, there alone, and no other names', () => {
  const search = '?view=sheet&method=q4_0&rank=8&model=model_type=llama;hidden_size=64&sort=-total';
  const address = parsed(`${search}&hidden=1`);
  expect(address.sheet).toEqual({
    ...{ method: 'q4_0', rank: '8', sort: '-total' },
    model: 'model_type=llama;hidden_size=64',
  });
  expect(formatAddress(address)).toBe(search);
  expect(formatAddress({ ...address, view: 'train' })).toBe('?view=train');
  expect(parsed('?view=train&rank=8').sheet).toBeUndefined();
});

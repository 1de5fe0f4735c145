import { expect, test } from 'vitest';
import { coverageOf } from '../../catalog/coverage.ts';
import type { Row } from '../../catalog/rows.ts';
import type { CaseResult } from '../../report/schema.ts';
import {
  bySuite,
  countStates,
  findRows,
  type RowState,
  stateOfRow,
  suiteRows,
} from './suite-rows.ts';

const row = (test: string, ...clauses: readonly string[]): Row => ({
  tier: 'quick',
  origin: { paper: '000', test, did: 'mock', words: `did ${test}` },
  asserts: `All of ${test}`,
  clauses: Object.fromEntries(clauses.map((name) => [name, `It is ${name}`])),
});

const CATALOG = new Map([
  ['one.train.loss', row('test_loss', 'falls', 'is-finite')],
  ['two.data.load', row('test_load', 'bytes')],
  ['one.data.pad', row('test_pad', 'mask')],
  ['one.train.clip', row('test_clip', 'norm')],
]);

interface Case {
  readonly id: string;
  readonly covers: readonly string[];
}

const rowsWith = (...cases: readonly Case[]) =>
  suiteRows<Case>(CATALOG, coverageOf<string, Case>(CATALOG, cases));

function stateOf(
  id: string,
  cases: Readonly<Record<string, readonly string[]>>,
  results: Readonly<Record<string, Partial<CaseResult>>>,
): RowState | undefined {
  const rows = rowsWith(...Object.entries(cases).map(([name, covers]) => ({ id: name, covers })));
  const found = rows.find((each) => each.id === id);
  return found && stateOfRow(found.covered, (each) => results[each.id] as CaseResult | undefined);
}

const pass = { status: 'pass' } as const;
const fail = { status: 'fail' } as const;
const skip = { status: 'skip' } as const;

test('a row is right only where each clause is', () => {
  const both = { a: ['one.train.loss/falls'], b: ['one.train.loss/is-finite'] };
  const loss = (results: Parameters<typeof stateOf>[2]) => stateOf('one.train.loss', both, results);
  expect(loss({ a: pass, b: pass })).toBe('right');
  expect(loss({ a: pass })).toBe('partly');
  expect(loss({ a: pass, b: skip })).toBe('partly');
  expect(loss({ a: pass, b: fail })).toBe('wrong');
  expect(loss({ b: skip })).toBe('skipped');
  expect(loss({})).toBe('not-run');
});

test('a clause without a check keeps its row from being right', () => {
  const one = { a: ['one.train.loss/falls'] };
  expect(stateOf('one.train.loss', one, { a: pass })).toBe('partly');
  expect(stateOf('one.train.loss', one, {})).toBe('partly');
  expect(stateOf('one.train.loss', one, { a: fail })).toBe('wrong');
  expect(stateOf('two.data.load', one, { a: pass })).toBe('planned');
});

test('one right check suffices for a clause, and one wrong one spoils it', () => {
  const cases = { a: ['two.data.load/bytes'], b: ['two.data.load'] };
  expect(stateOf('two.data.load', cases, { a: pass, b: skip })).toBe('right');
  expect(stateOf('two.data.load', cases, { a: skip, b: pass })).toBe('right');
  expect(stateOf('two.data.load', cases, { a: pass, b: { status: 'timeout' } })).toBe('wrong');
});

test('neither a fault that went unnoticed nor an expected failure proves a row', () => {
  const cases = { a: ['two.data.load/bytes'] };
  const green = { status: 'pass', control: { fault: 'x', status: 'green' } } as const;
  const expected = { status: 'fail', finding: { code: 'expected-failure', message: '' } } as const;
  expect(stateOf('two.data.load', cases, { a: green })).toBe('wrong');
  expect(stateOf('two.data.load', cases, { a: expected })).toBe('wrong');
});

test('rows stand by suite and area, in the order of the catalog', () => {
  const suites = bySuite(rowsWith()).map(({ name, areas }) => [
    name,
    areas.map((area) => [area.name, area.rows.map(({ id }) => id)]),
  ]);
  expect(suites).toEqual([
    [
      'one',
      [
        ['train', ['one.train.loss', 'one.train.clip']],
        ['data', ['one.data.pad']],
      ],
    ],
    ['two', [['data', ['two.data.load']]]],
  ]);
});

test('rows are found by suite, by state and by words of what they say', () => {
  const rows = rowsWith();
  const states = new Map<string, RowState>([
    ['one.train.loss', 'right'],
    ['one.train.clip', 'planned'],
    ['two.data.load', 'planned'],
  ]);
  const find = (shown: Partial<Parameters<typeof findRows>[1]>) =>
    findRows(rows, { suite: '', state: '', text: '', ...shown }, states).map(({ id }) => id);
  expect(find({})).toHaveLength(CATALOG.size);
  expect(find({ suite: 'two' })).toEqual(['two.data.load']);
  expect(find({ state: 'planned' })).toEqual(['two.data.load', 'one.train.clip']);
  expect(find({ text: 'IS-FINITE test_' })).toEqual(['one.train.loss']);
  expect(find({ suite: 'two', text: 'norm' })).toEqual([]);
  expect(countStates(rows, states)).toEqual([
    ['right', 1],
    ['planned', 2],
  ]);
});

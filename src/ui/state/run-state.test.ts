import { expect, test } from 'vitest';
import type { PlanEntry, RunEvent } from '../../harness/events.ts';
import type { CaseResult, Environment, Report } from '../../harness/report/schema.ts';
import { afterEvent, IDLE, type RunState } from './run-state.ts';
import { bySuite, wrongFirst } from './suite-list.ts';

const entry = (id: string): PlanEntry => ({
  ...{ id, backend: 'webgpu', suite: id.split(':')[0] ?? '', tier: 'quick' },
  ...{ description: 'what is computed', control: 'a named fault' },
});
const result = (id: string, status: CaseResult['status']) => ({ id, backend: 'webgpu', status }) as CaseResult;
const environment = {} as Environment;
const selected = ['a:1', 'a:2', 'b:1'].map(entry);

const play = (events: readonly RunEvent[], from: RunState = { ...IDLE, phase: 'starting' }) => events.reduce(afterEvent, from);
const started: RunEvent = { type: 'start', environment, selected, planHash: '' };
const begin = (id: string): RunEvent => ({ type: 'case-start', id, backend: 'webgpu' });
const finish = (id: string, status: CaseResult['status'], done: number): RunEvent => ({
  type: 'case-end',
  files: [],
  ...{ result: result(id, status), done, total: 3, remainingMs: 10 },
});

test('follows a run from its start to its report', () => {
  const middle = play([started, begin('a:1'), begin('b:1'), finish('a:1', 'pass', 1)]);
  expect(middle).toMatchObject({ phase: 'running', done: 1, total: 3, remainingMs: 10 });
  expect([...middle.running]).toEqual(['b:1 webgpu']);
  const report = { schema: 'gradproof-report/1' } as Report;
  const end = play([finish('b:1', 'fail', 2), { type: 'end', report }], middle);
  expect(end).toMatchObject({ phase: 'ended', report });
  expect(end.remainingMs).toBeUndefined();
  expect(end.running.size).toBe(0);
  expect(end.results.get('b:1 webgpu')?.status).toBe('fail');
});

test('the first screen stays as it was while a run collects results', () => {
  play([started, begin('a:1'), finish('a:1', 'pass', 1)]);
  expect(IDLE.results.size).toBe(0);
  expect(IDLE.running.size).toBe(0);
});

test('stopping stays stopping until the report comes', () => {
  const state = play([started], { ...IDLE, phase: 'stopping' });
  expect(state.phase).toBe('stopping');
});

test('remembers what hung', () => {
  expect(play([started, { type: 'hang', id: 'a:2' }]).hung).toBe('a:2');
});

test('suites show counts, and the worst of their cases', () => {
  const state = play([started, begin('a:1'), begin('a:2'), finish('a:1', 'pass', 1), finish('b:1', 'timeout', 2)]);
  const [a, b] = bySuite(selected, state);
  expect(a).toMatchObject({ name: 'a', counts: { pass: 1, running: 1 }, standing: 'running' });
  expect(b).toMatchObject({ name: 'b', counts: { timeout: 1 }, standing: 'timeout' });
  expect(bySuite(selected, IDLE).map(({ standing }) => standing)).toEqual(['waiting', 'waiting']);
});

test('what is wrong stands first, the rest as in the plan', () => {
  const state = play([started, finish('a:1', 'pass', 1), finish('a:2', 'fail', 2), finish('b:1', 'pass', 3)]);
  const more = [...selected, entry('c:1'), entry('0:1')];
  const failing = { ...state, results: new Map(state.results).set('c:1 webgpu', result('c:1', 'lost')) };
  const suites = wrongFirst(bySuite(more, failing), failing);
  expect(suites.map(({ name }) => name)).toEqual(['a', 'c', 'b', '0']);
  expect(suites[0]?.entries.map(({ id }) => id)).toEqual(['a:2', 'a:1']);
});

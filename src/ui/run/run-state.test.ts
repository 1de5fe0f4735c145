import { expect, test } from 'vitest';
import type { PlanEntry, RunEvent } from '../../harness/events.ts';
import type { CaseResult, Environment, Report } from '../../report/schema.ts';
import { afterEvent, IDLE, type RunState } from './run-state.ts';

const entry = (id: string): PlanEntry => ({
  id,
  backend: 'webgpu',
  suite: id.split(':')[0] ?? '',
  tier: 'quick',
  description: 'what is computed',
  control: 'a named fault',
  covers: [],
});
const result = (id: string, status: CaseResult['status']) =>
  ({ id, backend: 'webgpu', status }) as CaseResult;
const environment = {} as Environment;
const selected = ['a:1', 'a:2', 'b:1'].map(entry);

const play = (events: readonly RunEvent[], from: RunState = { ...IDLE, phase: 'starting' }) =>
  events.reduce(afterEvent, from);
const started: RunEvent = { type: 'start', environment, selected, planHash: '' };
const begin = (id: string): RunEvent => ({ type: 'case-start', id, backend: 'webgpu' });
const finish = (id: string, status: CaseResult['status'], done: number): RunEvent => ({
  type: 'case-end',
  files: [],
  result: result(id, status),
  done,
  total: 3,
  remainingMs: 10,
});

test('follows a run from its start to its report', () => {
  const middle = play([started, begin('a:1'), begin('b:1'), finish('a:1', 'pass', 1)]);
  expect(middle).toMatchObject({ phase: 'running', done: 1, total: 3 });
  expect([...middle.running]).toEqual(['b:1 webgpu']);
  expect([...middle.waiting]).toEqual(['a:2 webgpu', 'b:1 webgpu']);
  const known = {
    ...result('b:1', 'fail'),
    finding: { code: 'expected-failure', message: 'is expected' },
  };
  const report = {
    schema: 'gradproof-report/1',
    results: [result('a:1', 'pass'), known] as CaseResult[],
  } as Report;
  const end = play([finish('b:1', 'fail', 2), { type: 'end', report }], middle);
  expect(end).toMatchObject({ phase: 'ended', report });
  expect(end.running.size).toBe(0);
  expect(end.results.get('b:1 webgpu')).toEqual(known);
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

test('a case that runs again keeps its old result until it ends, and the others stay', () => {
  const report = {
    results: [result('a:1', 'pass'), result('b:1', 'fail')] as CaseResult[],
  } as Report;
  const first = play([started, finish('a:1', 'pass', 1), finish('b:1', 'fail', 2)]);
  const again = play([{ ...started, selected: [entry('b:1')] }, begin('b:1')], {
    ...first,
    first: report,
    phase: 'starting',
  });
  expect(again).toMatchObject({ selected, total: 1, phase: 'running' });
  expect([
    again.results.get('a:1 webgpu')?.status,
    again.results.get('b:1 webgpu')?.status,
  ]).toEqual(['pass', 'fail']);
  expect(play([finish('b:1', 'pass', 1)], again).results.get('b:1 webgpu')?.status).toBe('pass');
});

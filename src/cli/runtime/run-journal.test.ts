import { expect, test } from 'vitest';
import type { PlanEntry, RunEvent } from '../../harness/events.ts';
import { DEFAULT_RUN_OPTIONS } from '../../report/run-options.ts';
import type { CaseResult, Environment } from '../../report/schema.ts';
import { RunJournal } from './run-journal.ts';

const entry = (id: string): PlanEntry => ({
  id,
  backend: 'webgpu',
  suite: 'a',
  tier: 'quick',
  description: 'one',
  control: 'a fault',
  covers: [],
});
const begin = (id: string): RunEvent => ({ type: 'case-start', id, backend: 'webgpu' });

/** A run of three cases that has begun. */
function begun(): RunJournal {
  const journal = new RunJournal(DEFAULT_RUN_OPTIONS);
  journal.follow({ type: 'environment', environment: {} as Environment });
  journal.follow({
    type: 'start',
    environment: {} as Environment,
    selected: ['a:1', 'a:2', 'a:3'].map(entry),
    planHash: 'x',
  });
  return journal;
}

test('a tab that dies before any case runs is blamed on no case', () => {
  expect(begun().died()).toBeUndefined();
});

test('a case that runs alone at two deaths is lost, and the others go on', () => {
  const journal = begun();
  for (const id of ['a:1', 'a:2']) journal.follow(begin(id));
  expect(journal.died()).toEqual([]);
  expect(journal.unfinished().begun).toEqual({ 'a:1 webgpu': 1, 'a:2 webgpu': 1 });
  const passed = { id: 'a:1', backend: 'webgpu', status: 'pass' } as CaseResult;
  journal.follow({
    type: 'case-end',
    result: passed,
    files: [],
    done: 1,
    total: 3,
    remainingMs: 0,
  });
  journal.follow(begin('a:2'));
  expect(journal.died()).toEqual([]);
  journal.follow(begin('a:2'));
  expect(journal.died()).toMatchObject([
    {
      type: 'case-end',
      done: 2,
      total: 3,
      result: { id: 'a:2', status: 'lost', attempts: 3, error: { code: 'browser-died' } },
    },
  ]);
  expect(journal.unfinished()).toMatchObject({
    begun: {},
    results: [{ id: 'a:1' }, { id: 'a:2' }],
  });
});

test('cases that run together at three deaths are all lost', () => {
  const journal = begun();
  for (let death = 1; death <= 3; death++) {
    for (const id of ['a:1', 'a:2']) journal.follow(begin(id));
    expect(journal.died()).toHaveLength(death < 3 ? 0 : 2);
  }
});

test('a case that waits for its turn to run alone is not to blame for deaths beside others', () => {
  const journal = begun();
  journal.follow(begin('a:1'));
  journal.died();
  for (const id of ['a:2', 'a:3']) journal.follow(begin(id));
  expect([journal.died(), journal.died()]).toEqual([[], undefined]);
  expect(journal.unfinished().begun).toEqual({
    'a:1 webgpu': 1,
    'a:2 webgpu': 1,
    'a:3 webgpu': 1,
  });
});

test('when no tab is available any more, or none reports its end, the report holds what was reported before', () => {
  const told = (why: Parameters<RunJournal['giveUp']>[0]) => {
    const journal = begun();
    const passed = {
      id: 'a:1',
      backend: 'webgpu',
      status: 'pass',
      env: 0,
      attempts: 1,
    } as CaseResult;
    journal.follow({
      type: 'case-end',
      result: passed,
      files: [],
      done: 1,
      total: 3,
      remainingMs: 0,
    });
    journal.follow(begin('a:2'));
    const partial = journal.report();
    expect([partial.run.complete, partial.results.length]).toEqual([false, 1]);
    expect(journal.giveUp(why)).toMatchObject([{ done: 2 }, { done: 3, total: 3 }]);
    const { run, environments, results } = journal.report();
    expect([run.complete, run.planHash, environments.length]).toEqual([true, 'x', 1]);
    return results.map(({ status, error, attempts }) => [status, error?.code, attempts]);
  };
  expect(told('no-browser')).toEqual([
    ['pass', undefined, 1],
    ['lost', 'browser-died', 1],
    ['lost', 'browser-died', 0],
  ]);
  expect(told('deadline')).toEqual([
    ['pass', undefined, 1],
    ['timeout', 'run-deadline', 1],
    ['lost', 'run-deadline', 0],
  ]);
});

test('a failure stays with the run, and stands if no tab reports the case again', () => {
  const failure = {
    id: 'a:1',
    backend: 'webgpu',
    status: 'fail',
    env: 0,
    attempts: 1,
  } as CaseResult;
  const dies = () => {
    const journal = begun();
    journal.follow(begin('a:1'));
    journal.follow({ type: 'case-failed', failure });
    journal.died();
    return journal;
  };
  const journal = dies();
  expect(journal.unfinished()).toMatchObject({
    begun: { 'a:1 webgpu': 2 },
    failures: [failure],
  });
  const flaky = { ...failure, status: 'pass', attempts: 3 } as CaseResult;
  journal.follow({ type: 'case-end', result: flaky, files: [], done: 1, total: 3, remainingMs: 0 });
  expect(journal.unfinished().failures).toEqual([]);
  for (const why of ['no-browser', 'deadline'] as const) {
    const ended = dies();
    ended.giveUp(why);
    expect(ended.report().results.find(({ id }) => id === 'a:1')).toMatchObject({
      status: 'fail',
      attempts: 2,
    });
  }
});

import { expect, test } from 'vitest';
import type { BenchResult } from '../../bench/host.ts';
import { computes } from '../controls/computing.ts';
import { afterBenchEvent, UNTIMED } from './bench-state.ts';

const result = { id: 'bench.matmul:f32;m=1', backend: 'webgpu' } as BenchResult;

test('a bench is told work by work', () => {
  const started = { ...UNTIMED, phase: 'starting' } as const;
  const running = afterBenchEvent(started, { type: 'start', total: 3, contenders: ['webgpu'] });
  const timing = afterBenchEvent(running, {
    ...{ type: 'work', id: result.id, done: 0, total: 3 },
    remainingMs: undefined,
  } as const);
  const timed = afterBenchEvent(timing, { type: 'results', results: [result] });
  expect(running).toMatchObject({ phase: 'running', done: 0, total: 3 });
  expect(timing).toMatchObject({ id: result.id, done: 0 });
  expect(timed).toMatchObject({ done: 1, results: [{ ...result, env: 0, attempts: 1 }] });
});

test('what is being cancelled stays so, whatever is still told', () => {
  const stopping = { ...UNTIMED, phase: 'stopping' } as const;
  const after = afterBenchEvent(stopping, {
    ...{ type: 'work', id: result.id, done: 1, total: 3 },
    remainingMs: 5,
  } as const);
  expect(after).toMatchObject({ phase: 'stopping', remainingMs: 5 });
  expect([computes(after), computes(UNTIMED), computes({ phase: 'failed' })]).toEqual([
    true,
    false,
    false,
  ]);
});

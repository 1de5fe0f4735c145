import { expect, test } from 'vitest';
import type { CaseResult } from '../report/schema.ts';
import { stepCosts } from './step-costs.ts';
import { benchRows } from './summary.ts';

const PLAIN = 'bench.transformer-step:f32;batch=4;tokens=128;width=256';
const step = (id: string, metrics: Record<string, number>) =>
  ({ id, backend: 'webgpu', status: 'pass', metrics }) as unknown as CaseResult;
const HOST = { eagerHostMs: 2, eagerCommands: 10, eagerHostUsPerCommand: 200 };

test('a step in halves is told beside the activations of the same one in float32', () => {
  const results = [
    step(PLAIN, { ...HOST, activationBytes: 4096, eagerPeakBytes: 9000 }),
    step(PLAIN.replace('f32', 'f16'), { ...HOST, capturedHostMs: 1, activationBytes: 2048 }),
  ];
  expect(stepCosts(benchRows({ results }))).toEqual([
    {
      ...{ id: PLAIN, captured: {}, peakBytes: 9000, activationBytes: 4096 },
      eager: { ms: 2, commands: 10, usPerCommand: 200 },
      activationsOfFloats: undefined,
    },
    {
      ...{ id: PLAIN.replace('f32', 'f16'), peakBytes: undefined, activationBytes: 2048 },
      ...{ eager: { ms: 2, commands: 10, usPerCommand: 200 }, captured: { ms: 1 } },
      activationsOfFloats: 0.5,
    },
  ]);
});

test('without the same step in float32 there is no share, and without times of the host no line', () => {
  const alone = [step(PLAIN.replace('f32', 'f16'), { ...HOST, activationBytes: 2048 })];
  expect(stepCosts(benchRows({ results: alone }))[0]?.activationsOfFloats).toBeUndefined();
  expect(stepCosts(benchRows({ results: [step(PLAIN, { activationBytes: 4096 })] }))).toEqual([]);
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Gpu } from '../../gpu/gpu.ts';
import { Gate } from '../../train/gate.ts';
import type { AnswerPart } from '../../train/llama/question.ts';
import { QuestionQueue } from '../../train/llama/question-queue.ts';
import type { ShardingStrategy } from '../../train/sharded/strategies.ts';
import { SharedRuns } from './fixtures/shared-runs.ts';
import { KINDS, modelOf } from './fixtures/short-runs.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** What the first worker takes for a question; a layer is a small part of the model. */

const FIELDS = { ...KINDS['qlora in NF4'], heldout_fraction: 0 };

let gpu: Gpu;
let runs: SharedRuns;
beforeAll(async () => {
  runs = await SharedRuns.build(modelOf({ layers: 6 }));
  gpu = await softwareGpu();
}, 240_000);
afterAll(() => {
  gpu?.[Symbol.dispose]();
  runs?.[Symbol.dispose]();
});

/** A run that is asked while it waits before its first step, and ended then. */
async function asked(strategy: ShardingStrategy) {
  const gate = new Gate();
  gate.closed = true;
  const questions = new QuestionQueue();
  questions.add(1, { prompt: [1, 2, 3], maxTokens: 4 });
  const parts: AnswerPart[] = [];
  const tell = (_: number, part: AnswerPart) => {
    parts.push(part);
    if (part.type !== 'token' && part.by === 'frozen') gate.closed = false;
  };
  const before = gpu.memory.ledger.liveBytes;
  let most = 0;
  let lasting = 0;
  let weights = 0;
  using _watch = gpu.memory.watch(({ liveBytes }) => {
    if (lasting === 0) return;
    most = Math.max(most, liveBytes - before);
    weights = Math.max(weights, gpu.memory.byCategory.weights);
  });
  const { peakBytes } = await runs.run(gpu, FIELDS, {
    ...{ strategy, gate, asker: { questions, tell, waitMs: 0 }, stopAfter: 0 },
    listen: ({ type }) => {
      if (type === 'paused') lasting = gpu.memory.byCategory.weights;
    },
  });
  return { parts, most, lasting, weights, peakBytes };
}

test('a question gathers one layer after the other, and counts in the peak that is told', async () => {
  const whole = await asked('ddp');
  const { parts, most, lasting, weights, peakBytes } = await asked('full_shard');
  expect(parts).toEqual(whole.parts);
  expect(parts.map(({ type }) => type)).toContain('end');
  expect(weights).toBeGreaterThan(lasting);
  expect(weights - lasting).toBeLessThan(whole.lasting / 3);
  expect(peakBytes).toBeGreaterThanOrEqual(most);
}, 120_000);

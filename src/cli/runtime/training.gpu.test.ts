import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Gpu } from '../../gpu/gpu.ts';
import { AssertionError, CaseContext, newEvidence } from '../../testing/context.ts';
import { trainAndJudge } from '../../testing/training.ts';
import { DEFAULT_TRAINING, type TrainingConfig } from '../../train/config.ts';
import type { TrainingPhase, TrainingProgress } from '../../train/progress.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** What a run does after its steps, on a software adapter, with a model of the main job's kind. */

let gpu: Gpu;

beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());

const TEXT = new TextEncoder().encode('The rain in Spain stays mainly in the plain.\n'.repeat(100));
/** Twelve steps, after which nothing is learnt as a longer run must. */
const FEW: TrainingConfig = {
  ...DEFAULT_TRAINING,
  model: { ...DEFAULT_TRAINING.model, embedding: 8, context: 8, hidden: [64, 48], r: 4, alpha: 8 },
  batchSize: 40,
  heldoutBytes: 256,
  sampleBytes: 12,
  steps: 12,
  lossEvery: 4,
  judgeEvery: 5,
};

/** Runs it, asks to leave out the phases of `skips` as they begin, and says how it ended. */
async function played(config: TrainingConfig, ...skips: readonly TrainingPhase[]) {
  const evidence = newEvidence();
  const told: TrainingProgress[] = [];
  const skipped = new Set<TrainingPhase>();
  const t = new CaseContext({ gpu, ieee: true, seed: 1, injects: [] }, {}, evidence);
  const ended = await trainAndJudge(t, TEXT, config, {
    skipped,
    save: () => {},
    tell: (progress) => {
      told.push(progress);
      if (progress.type === 'phase' && skips.includes(progress.phase)) skipped.add(progress.phase);
    },
  }).catch((error: unknown) => error as AssertionError);
  const phases = told.flatMap((progress) => (progress.type === 'phase' ? [progress.phase] : []));
  return { evidence, told, phases, error: ended ?? undefined };
}

const STEPS_AND_CHECK = ['preparing', 'learning', 'sample', 'frozen'] as const;

test('a run that is too short for an answer is skipped, and not examined', async () => {
  const { error, phases, evidence, told } = await played(FEW);
  expect(error).toMatchObject({ code: 'too-short' });
  expect(error?.message).toMatch(/after 12 steps, not 1\.5 below .*; 300 steps give an answer$/);
  expect(error).not.toBeInstanceOf(AssertionError);
  expect(phases).toEqual(STEPS_AND_CHECK);
  // Steps 1, 5 and 10 are judged; 2 to 4, 6 to 8, 9, and 11 and 12 are timed.
  expect(evidence.metrics).toMatchObject({ judgedSteps: 3, stepMs: expect.any(Number) });
  const bytes = told.flatMap((progress) => (progress.type === 'step' ? [progress.bytes] : []));
  expect(evidence.metrics['peakBytes']).toBeGreaterThan(Math.max(...bytes));
  const samples = told.flatMap((progress) => (progress.type === 'sample' ? [progress] : []));
  expect(samples.map(({ prompt }) => prompt)).toEqual(
    samples.map(() =>
      expect.stringMatching(/^(The|rain|in|Spain|stays|mainly|the|plain\.)\s.*\s$/s),
    ),
  );
});

test('a run that is long enough is examined; that and its sample can be left out', async () => {
  const config = { ...FEW, answerSteps: 12 };
  const whole = await played(config);
  expect(whole.error).toMatchObject({ code: 'not-learnt' });
  expect(whole.error?.message).toMatch(
    /; steps 1 to 12 gave the same bits again, and every op of steps 1 to 12 is right$/,
  );
  expect(whole.phases).toEqual([...STEPS_AND_CHECK, 'examining']);
  const hurried = await played(config, 'sample', 'examining');
  expect(hurried.error).toMatchObject({ code: 'not-learnt' });
  expect(hurried.error?.message).toMatch(/; nothing was compared by its bits$/);
  const samples = [whole, hurried].map(({ told }) =>
    told.flatMap((progress) => (progress.type === 'sample' ? [progress.text.length] : [])),
  );
  expect(samples[0]?.[1]).toBeGreaterThan(0);
  expect(samples[1]).toEqual([samples[0]?.[0], 0]);
  expect(hurried.evidence.metrics['heldoutAfter']).toBe(whole.evidence.metrics['heldoutAfter']);
});

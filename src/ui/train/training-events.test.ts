import { expect, test } from 'vitest';
import type { TrainingEvent } from '../../harness/training.ts';
import type { CaseResult, Report } from '../../report/schema.ts';
import { trainingAnswer } from '../../report/training-answer.ts';
import type { TrainingPhase } from '../../train/progress.ts';
import { chartModel, thinned } from './chart-model.ts';
import { afterTrainingEvent, canPause } from './training-events.ts';
import { type TrainingState, UNTRAINED } from './training-state.ts';

const EVENTS: readonly TrainingEvent[] = [
  {
    type: 'start',
    steps: 300,
    textBytes: 44_000,
    trainable: 20_480,
    frozen: 270_336,
    unigram: 3.6,
    bytesForecast: 5_000_000,
  },
  { type: 'heldout', step: 0, loss: 5.56 },
  { type: 'sample', when: 'before', prompt: 'The ', text: 'x#q' },
  {
    type: 'step',
    step: 10,
    loss: 5.1,
    lapMs: 12,
    medianMs: 12,
    remainingMs: 3480,
    bytes: 4_000_000,
    peakBytes: 5_000_000,
  },
  { type: 'judged', step: 100, boundUsed: 0.2 },
  {
    type: 'step',
    step: 300,
    loss: 3.2,
    lapMs: 14,
    medianMs: 12,
    remainingMs: 0,
    bytes: 4_100_000,
    peakBytes: 5_000_000,
  },
  { type: 'heldout', step: 300, loss: 3.26 },
  { type: 'sample', when: 'after', prompt: 'The ', text: 'cat' },
];
function played(): TrainingState {
  return EVENTS.reduce(afterTrainingEvent, { ...UNTRAINED, phase: 'starting' });
}

test('collects curves, samples and judged steps', () => {
  expect(played()).toMatchObject({
    phase: 'running',
    prompt: 'The ',
    before: 'x#q',
    after: 'cat',
    msPerStep: 12,
    peakBytes: 5_000_000,
    losses: [
      { step: 10, loss: 5.1, msPerStep: 12, bytes: 4_000_000 },
      { step: 300, loss: 3.2, msPerStep: 14, bytes: 4_100_000 },
    ],
    heldout: [
      { step: 0, loss: 5.56 },
      { step: 300, loss: 3.26 },
    ],
    judged: [{ step: 100, boundUsed: 0.2 }],
  });
});

test('a run is paused when the worker says so, and resumes on request', () => {
  const pausing: TrainingState = { ...played(), phase: 'pausing' };
  const paused = afterTrainingEvent(pausing, { type: 'paused', step: 20 });
  expect(paused.phase).toBe('paused');
  expect(afterTrainingEvent(paused, { type: 'resumed', step: 20 }).phase).toBe('running');
  expect(
    afterTrainingEvent({ ...paused, phase: 'stopping' }, { type: 'resumed', step: 20 }).phase,
  ).toBe('stopping');
});

test('a run tells what it does, and cannot wait once its steps are done', () => {
  const told = (state: TrainingState, phase: TrainingPhase, skippable = false) =>
    afterTrainingEvent(state, { type: 'phase', phase, skippable });
  const learning = told({ ...played(), phase: 'running' }, 'learning');
  expect(learning).toMatchObject({ doing: 'learning', skippable: false });
  const pausing: TrainingState = { ...learning, phase: 'pausing' };
  expect(told(pausing, 'sample', true)).toMatchObject({
    phase: 'running',
    doing: 'sample',
    skippable: true,
  });
  expect(told({ ...pausing, phase: 'stopping' }, 'frozen').phase).toBe('stopping');
  const phases = ['preparing', 'learning', 'sample', 'frozen', 'examining'] as const;
  expect(phases.filter(canPause)).toEqual(['preparing', 'learning']);
});

test('an answer in German says what it says in English', async () => {
  const { words } = await import('./training.de.ts');
  const metrics = {
    heldoutBefore: 5.56,
    heldoutAfter: 4.2,
    judgedSteps: 1,
    stepMs: 9,
    peakBytes: 4e6,
  };
  const run = (status: CaseResult['status']) =>
    ({
      environments: [],
      results: [{ id: 'train.qlora:byte-mlp;seed=1;steps=150', status, metrics }],
    }) as unknown as Report;
  for (const status of ['pass', 'skip', 'fail', 'lost'] as const) {
    const [english, german] = [
      trainingAnswer(run(status)),
      trainingAnswer(run(status), words.verdict),
    ];
    expect([german.tone, german.sentences.length]).toEqual([
      english.tone,
      english.sentences.length,
    ]);
    expect(german.headline).not.toBe(english.headline);
  }
  expect(trainingAnswer(run('skip'), words.verdict).headline).toBe(
    'Es lernt, aber nach 150 Schritten ist es zu früh für eine Antwort.',
  );
});

test('the chart holds every point, and its table a row for each step', () => {
  const { losses, heldout } = played();
  const { top, bottom, rows } = chartModel(losses, heldout, 3.6, Math.log(256));
  expect(top).toBe(5.56);
  expect(bottom).toBeLessThan(3.2);
  expect(rows).toEqual([
    { step: 0, heldout: 5.56 },
    { step: 10, loss: 5.1 },
    { step: 300, loss: 3.2, heldout: 3.26 },
  ]);
});

test('a loss that is not finite stays out of the plot, and in the table', () => {
  const { top, rows } = chartModel(
    [
      { step: 1, loss: Number.NaN },
      { step: 2, loss: 4 },
    ],
    [],
    undefined,
    undefined,
  );
  expect(top).toBe(4);
  expect(rows).toHaveLength(2);
  expect(chartModel([], [], undefined, Math.log(256)).top).toBeCloseTo(Math.log(256));
  expect(chartModel([], [], undefined, undefined).top, 'an empty plot has a scale').toBe(1);
});

test('a long curve keeps its peaks and its order', () => {
  const points = Array.from({ length: 1000 }, (_, step) => ({
    step,
    loss: step === 777 ? 9 : step % 7,
  }));
  const few = thinned(points, 100, ({ loss }) => loss);
  expect(few.length).toBeLessThanOrEqual(100);
  expect(few).toContainEqual({ step: 777, loss: 9 });
  expect(few.map(({ step }) => step)).toEqual(
    few.map(({ step }) => step).toSorted((a, b) => a - b),
  );
  expect(thinned(points, 1000, ({ loss }) => loss)).toBe(points);
});

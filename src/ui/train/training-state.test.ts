import { expect, test } from 'vitest';
import type { TrainingEvent } from '../../harness/training.ts';
import type { CaseResult } from '../../report/schema.ts';
import { chartModel, thinned } from './chart-model.ts';
import { trainingAnswer } from './training-answer.ts';
import { afterTrainingEvent, type TrainingState, UNTRAINED } from './training-state.ts';

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
const result = {
  status: 'pass',
  metrics: { heldoutBefore: 5.56, heldoutAfter: 3.26, unigram: 3.6 },
} as unknown as CaseResult;

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

test('says in words whether it learnt', () => {
  const good = trainingAnswer(result, played());
  expect(good.tone).toBe('good');
  expect(good.sentences.join(' ')).toContain(
    'from 5.56 to 3.26 nats per byte; counting letters alone reaches 3.60',
  );
  const bad = trainingAnswer(
    { ...result, status: 'fail', error: { code: 'loss', message: 'the loss did not fall' } },
    played(),
  );
  expect(bad).toMatchObject({ tone: 'bad' });
  expect(bad.sentences[0]).toBe('The loss did not fall.');
  const short = played();
  const early: TrainingState = {
    ...short,
    ...(short.start ? { start: { ...short.start, steps: 60 } } : {}),
  };
  const notYet = trainingAnswer(
    { ...result, status: 'fail', error: { code: 'not-learnt', message: 'not below' } },
    early,
  );
  expect(notYet).toMatchObject({
    tone: 'none',
    headline: 'It is learning, but 60 steps are too few for an answer.',
  });
  const stuck = {
    ...result,
    status: 'fail' as const,
    metrics: {},
    error: { code: 'not-learnt', message: 'not below' },
  };
  expect(trainingAnswer(stuck, early).headline).toBe(
    'Not yet: 60 steps are too few for an answer.',
  );
  const stopped = {
    ...result,
    status: 'error' as const,
    error: { code: 'interrupted', message: 'the run was cancelled after step 300' },
  };
  for (const part of [undefined, stopped]) {
    expect(trainingAnswer(part, played())).toMatchObject({
      tone: 'none',
      headline: 'Stopped after 300 steps.',
    });
  }
});

test('the chart holds every point, and its table a row for each step', () => {
  const { losses, heldout } = played();
  const { top, bottom, rows } = chartModel(losses, heldout, 3.6);
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
  );
  expect(top).toBeCloseTo(Math.log(256));
  expect(rows).toHaveLength(2);
  expect(chartModel([], [], undefined).top).toBeCloseTo(Math.log(256));
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

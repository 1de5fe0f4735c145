import * as v from 'valibot';
import { expect, test } from 'vitest';
import type { TuningEvent } from '../../harness/tuning.ts';
import type { Happened, LlamaMilestone } from '../../train/llama/progress.ts';
import { trainedOfKept } from '../merge/trained-model.ts';
import { marksOf } from './happening.ts';
import { keptBytes, type TunedRun, tunedRun, tunedRunOf } from './tuned-run.ts';
import { tuningAnswer } from './tuning-answer.ts';
import { afterSending, afterTuningEvent } from './tuning-events.ts';
import { stepsOf, type TuningState, UNTUNED } from './tuning-state.ts';

const BEGUN: TuningState = {
  ...UNTUNED,
  ...{ phase: 'starting', steps: [], log: [] },
  subject: {
    ...{ model: 'tiny', data: 'tales', settings: { type: 'lora' } },
    startedAt: new Date(Date.UTC(2026, 10, 27)),
  },
};

const step = (at: number, loss: number): TuningEvent => ({
  type: 'step',
  ...{ step: at, epoch: at / 4, loss, tokens: 10, tokensPerSecond: 20 },
  ...{ ms: at === 1 ? 9000 : 100, bytes: 5, peakBytes: 6 },
});

const START: TuningEvent = {
  type: 'start',
  ...{ steps: 4, trainable: 1, frozen: 2, trainingRows: 3, heldoutRows: 1, bytesForecast: 7 },
};

const after = (events: readonly TuningEvent[], from = BEGUN) =>
  events.reduce<TuningState>((state, event) => afterTuningEvent(state, event), {
    ...from,
    steps: [],
    log: [],
  });

const WHOLE: readonly TuningEvent[] = [
  START,
  { type: 'heldout', step: 0, loss: 9 },
  { type: 'judged', step: 1, boundUsed: 0.5 },
  ...[step(1, 8), step(2, 7), step(3, Number.NaN), step(4, 5)],
  { type: 'heldout', step: 4, loss: 4 },
  { type: 'saved', files: [{ name: 'a', data: new Uint8Array(12) }] },
];

test('a run is collected; its pace leaves out the first step, which compiles', () => {
  const state = after(WHOLE.slice(0, 5));
  expect(state).toMatchObject({ phase: 'running', answers: true, remainingMs: 200 });
  expect(stepsOf(state)).toEqual({ done: 2, total: 4 });
  const whole = after(WHOLE);
  expect(whole.phase).toBe('ended');
  expect(whole.log.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 4]);
});

test('a run that goes on from a checkpoint shows what it told before, and nothing after that', () => {
  const history = WHOLE.slice(1, 5).filter(
    (one) => one.type === 'heldout' || one.type === 'judged' || one.type === 'step',
  );
  const resumed: TuningEvent = { type: 'resumed-from', step: 2, history, broken: [] };
  const state = after([...WHOLE.slice(0, 7), resumed, step(3, 6)]);
  expect(state.steps.map(({ loss }) => loss)).toEqual([8, 7, 6]);
  expect(state.log.map(({ step, loss }) => [step, loss])).toEqual([
    ...[
      [0, undefined],
      [1, 8],
      [2, 7],
      [3, 6],
    ],
  ]);
  expect([state.heldout, state.judged]).toEqual([
    [expect.objectContaining({ step: 0, loss: 9 })],
    [expect.objectContaining({ step: 1, boundUsed: 0.5 })],
  ]);
  expect(state.remainingMs).toBe(100);
});

test('a run that goes on before it was paused is not shown as paused', () => {
  const paused: TuningEvent = { type: 'paused', step: 1 };
  const running = after([START]);
  expect(afterTuningEvent(running, paused).phase).toBe('running');
  const waits = afterTuningEvent({ ...running, phase: 'pausing' }, paused);
  expect(waits.phase).toBe('paused');
  expect(afterTuningEvent(waits, { type: 'resumed', step: 1 }).phase).toBe('running');
});

const at = (minute: number) => new Date(Date.UTC(2026, 10, 27, 12, minute));

test('a run that goes on has what it told before, and says when it was cut off', () => {
  const writtenBy = 'gradproof 1.2.3';
  const restored = (step: number, minute: number) =>
    ({ type: 'restored', step, at: at(minute).toISOString() }) as const;
  const told = (event: TuningEvent) => event as LlamaMilestone;
  const history = [...[step(1, 8), step(2, 7)].map(told), { ...restored(2, 1), writtenBy }];
  const from: TuningEvent = {
    type: 'resumed-from',
    step: 2,
    history,
    broken: ['step-3: is cut off'],
  };
  const resumed = afterTuningEvent(after([START]), from, at(2));
  expect(stepsOf(resumed)).toEqual({ done: 2, total: 4 });
  expect(resumed.log.map(({ step: made }) => made)).toEqual([1, 2, 2]);
  const kept = afterTuningEvent(
    resumed,
    { type: 'checkpoint', step: 3, bytes: 1000, ms: 20, share: 0.02 },
    at(3),
  );
  const back = { ...from, history: [...history, restored(2, 4)], broken: [] };
  const again = afterTuningEvent(kept, back, at(4));
  expect(again.happened).toEqual([
    { kind: 'resumed', step: 2, at: at(1), writtenBy },
    { kind: 'leftOut', step: 2, at: at(2), message: 'step-3: is cut off' },
    { kind: 'checkpoint', step: 3, at: at(3), bytes: 1000, ms: 20, share: 0.02 },
    { kind: 'resumed', step: 2, at: at(4) },
  ]);
  expect(marksOf(again.happened), 'one mark for each step and kind').toEqual([
    { kind: 'resumed', step: 2 },
    { kind: 'checkpoint', step: 3 },
  ]);
});

test('what went wrong is told once, with what the run does then, and marked in the curve', () => {
  const at = (second: number) => new Date(Date.UTC(2026, 10, 27, 12, 0, second)).toISOString();
  const skipped: Extract<TuningEvent, { readonly type: 'skipped' }> = {
    ...{ type: 'skipped', step: 3, at: at(3), tensor: 'q_proj.lora_A', index: [1, 6], count: 2 },
  };
  const back: Happened = {
    ...{ type: 'rolled-back', step: 4, at: at(4), to: 2, why: 'exploded', learningRate: 0.5 },
  };
  const halved: Happened = {
    ...{ type: 'halved', step: 3, at: at(5), to: 0, batchSize: 2, accumulation: 4 },
  };
  const from = (history: readonly LlamaMilestone[]): TuningEvent => ({
    ...{ type: 'resumed-from', step: 2, history, broken: [] },
  });
  const state = after([
    ...[START, step(1, 8), step(2, 7), skipped, step(3, 6)],
    from([skipped, back]),
    from([skipped, back, halved]),
  ]);
  expect(state.happened).toMatchObject([
    { kind: 'skipped', step: 3, place: 'q_proj.lora_A[1, 6]', numbers: 2 },
    { kind: 'exploded', step: 4, to: 2, learningRate: 0.5 },
    { kind: 'halved', step: 3, to: 0, batchSize: 2, accumulation: 4 },
  ]);
  expect(marksOf(state.happened)).toEqual([
    { kind: 'skipped', step: 3 },
    { kind: 'wentBack', step: 4 },
    { kind: 'wentBack', step: 3 },
  ]);
});

test('a checkpoint that could not be written is told with the reason, and marked', () => {
  const why = 'step-2 does not fit';
  const failed = { type: 'checkpoint-failed', step: 2, at: at(3).toISOString(), why } as const;
  const { happened } = after([START, failed]);
  expect(happened).toEqual([{ kind: 'refused', step: 2, at: at(3), message: why }]);
  expect(marksOf(happened)).toEqual([{ kind: 'refused', step: 2 }]);
  // A checkpoint that could be written later tells of it too.
  const from: TuningEvent = { type: 'resumed-from', step: 4, history: [failed], broken: [] };
  expect(after([START, failed, from]).happened).toEqual(happened);
  expect(after([START, from]).happened).toEqual(happened);
});

test('a sink that is lost stands among what happened, once for each time', () => {
  const sink = 'http://localhost:9';
  const begun = afterSending(after([START]), { sink }, at(1));
  const lost = afterSending(begun, { sink, lost: 'it does not answer' }, at(2));
  const later = afterSending(afterTuningEvent(lost, step(1, 8)), { sink, lost: 'gone' }, at(3));
  const { happened, sending } = afterSending(later, { sink, end: { rows: 4, sent: 4 } }, at(4));
  expect(happened).toEqual([
    { kind: 'sinkLost', step: 0, at: at(2), message: 'it does not answer' },
    { kind: 'sinkLost', step: 1, at: at(3), message: 'gone' },
  ]);
  expect(marksOf(happened)).toEqual([]);
  expect(sending).toEqual({ sink, end: { rows: 4, sent: 4 } });
});

test('the answer is by held-out losses, says where a processor computed, and who stopped gets none', () => {
  const whole = after(WHOLE);
  expect(tuningAnswer(whole)).toEqual({
    tone: 'good',
    headline: 'It learnt.',
    sentences: [
      'On texts that it never saw, the loss went from 9.00 to 4.00 nats a token.',
      '1 step was recomputed in double precision and agreed.',
    ],
  });
  expect(tuningAnswer({ ...whole, slow: true }).tone).toBe('warn');
  expect(tuningAnswer({ ...whole, stopped: true }).headline).toMatch(/^Stopped after 4 steps/);
  const rose = { ...whole, heldout: [...whole.heldout].reverse() };
  expect(tuningAnswer(rose)).toMatchObject({ tone: 'none' });
});

test('what is kept is read back as it was, with losses that are no number', () => {
  const kept = tunedRunOf(after(WHOLE), {
    ...{ prompt: 'The', sampled: false, isChat: false },
    frozen: { text: ' fox', done: true },
    tuned: { text: ' robot', done: true, step: 4 },
  });
  expect(v.parse(tunedRun, structuredClone(kept))).toEqual(kept);
  expect(kept).toMatchObject({
    ...{ id: '2026-11-27T00:00:00.000Z', steps: 4, fileBytes: 12 },
    losses: [
      [1, 8],
      [2, 7],
      [3, null],
      [4, 5],
    ],
    answers: { prompt: 'The', frozen: { text: ' fox' }, tuned: { text: ' robot' } },
  });
  expect(kept).not.toHaveProperty('weights');
  expect(tunedRunOf(UNTUNED, undefined)).toBeUndefined();
});

test('what was trained is kept with the digest and the name of its model, and counts in its size', async () => {
  const files = [{ name: 'adapter_model.safetensors', data: new Uint8Array(5000) }];
  const place = { kind: 'files', files: [new File(['GGUF'], 'tiny.gguf')] } as const;
  const subject = { ...BEGUN.subject, folder: { name: 'tiny.gguf', place } };
  const state = after([...WHOLE.slice(0, -1), { type: 'saved', files, model: 'abc' }], {
    ...BEGUN,
    subject: subject as NonNullable<TuningState['subject']>,
  });
  const kept = tunedRunOf(state, undefined) as TunedRun;
  expect(v.parse(tunedRun, kept)).toEqual(kept);
  expect(kept.weights).toMatchObject({
    ...{ trainedOn: 'abc', model: { name: 'tiny.gguf', isFile: true } },
    files: [{ name: 'adapter_model.safetensors', size: 5000 }],
  });
  expect(keptBytes(kept)).toBeGreaterThan(5000);
  expect(trainedOfKept(kept, undefined), 'its model is not chosen yet').toBeUndefined();
  expect(trainedOfKept(kept, subject.folder)).toMatchObject({
    ...{ run: kept.id, settings: { type: 'lora' }, trainedOn: 'abc', folder: subject.folder },
  });
});

test('a run whose worker is gone says after which step, and why', () => {
  const { happened, steps } = after([
    START,
    step(1, 8),
    { type: 'lost', step: 1, at: at(3).toISOString(), why: 'the device is lost' },
  ]);
  expect(happened).toEqual([{ kind: 'lost', step: 1, at: at(3), message: 'the device is lost' }]);
  expect(steps).toHaveLength(1);
});

import { expect, test } from 'vitest';
import type { TrainingEvent } from '../../harness/training.ts';
import { report, result } from '../../report/fixtures/reports.ts';
import { trainingAnswer } from '../../report/training-answer.ts';
import { heard } from './fixtures/heard.ts';
import { showTraining, showTrainingAnswer } from './training.ts';

const phase = (name: 'learning' | 'sample' | 'frozen' | 'examining', skippable = false) =>
  ({ type: 'phase', phase: name, skippable }) as const;

test('names what goes on after the steps, and offers to skip what can be skipped', () => {
  const { lines, voice } = heard();
  const offered: (string | undefined)[] = [];
  const listen = showTraining(voice, (skipped) => {
    offered.push(skipped);
    return skipped ? ' (skip it)' : '';
  });
  const end: TrainingEvent = {
    type: 'end',
    result: result({ id: 'train.qlora:byte-mlp;seed=42;steps=300', status: 'pass', assertions: 1 }),
  };
  const phases = [
    phase('learning'),
    phase('sample', true),
    phase('frozen'),
    phase('examining', true),
  ];
  for (const event of [...phases, end]) listen(event);
  expect(offered).toEqual([undefined, 'sample', undefined, 'examining', undefined]);
  expect(lines).toEqual([
    'learning',
    'writing a sample (skip it)',
    'checking against a frozen copy',
    expect.stringMatching(/^finding out why: .* \(skip it\)$/),
  ]);
});

test('tells no time for a step where none was measured', () => {
  const { lines, voice } = heard();
  const listen = showTraining(voice, () => '');
  const step = { type: 'step', step: 25, loss: 4, bytes: 1, peakBytes: 1 } as const;
  listen({ ...step, remainingMs: 2000 });
  listen({ ...step, remainingMs: 2000, lapMs: 9, medianMs: 7 });
  expect(lines).toEqual([
    'step 25: loss 4.0000, about 2 s left to learn',
    'step 25: loss 4.0000, 7 ms a step, about 2 s left to learn',
  ]);
});

test('ends with the answer that every other summary gives', async () => {
  const skipped = result({
    id: 'train.qlora:byte-mlp;seed=42;steps=150',
    status: 'skip',
    assertions: 5,
    skip: { code: 'too-short', detail: '' },
    metrics: { heldoutBefore: 5.5, heldoutAfter: 4.9 },
  });
  const short = await report([skipped], '', { kind: 'train' });
  const { lines, voice } = heard();
  showTrainingAnswer(voice, short);
  const { headline, sentences } = trainingAnswer(short);
  expect(lines).toEqual(['', headline, ...sentences]);
  expect(headline).toContain('too few for an answer');
});

import { describe, expect, test } from 'vitest';
import type { RunCheckpoint } from '../checkpoint/run-checkpoint.ts';
import type { LlamaTraining } from './llama-training.ts';
import { resumedHistory } from './resumed-history.ts';

const BEFORE = [{ type: 'heldout', step: 3, loss: 2 }] as const;
const LOST = { type: 'lost', step: 3, at: '2026-11-27T15:00:00.000Z', why: 'it died' } as const;

/** A checkpoint after three steps. */
const checkpointOf = (steps: number): Pick<LlamaTraining, 'from'> => ({
  from: {
    broken: [],
    checkpoint: {
      state: { step: 3 },
      steps,
      history: BEFORE,
      engine: 'mine',
    } as unknown as RunCheckpoint,
  },
});

describe('a run tells', () => {
  test('nothing where it begins', () => {
    expect(resumedHistory({}, 'mine').all).toEqual([]);
  });

  test('that it goes on, and whose checkpoint that is', () => {
    const restored = { type: 'restored', step: 3, at: expect.any(String) };
    expect(resumedHistory(checkpointOf(4), 'mine').all).toEqual([...BEFORE, restored]);
    expect(resumedHistory(checkpointOf(4), 'another').all).toEqual([
      ...BEFORE,
      { ...restored, writtenBy: 'mine' },
    ]);
  });

  test('nothing more where it has made its last step', () => {
    expect(resumedHistory(checkpointOf(3), 'another').all).toEqual(BEFORE);
  });

  test('what ended it before it goes on, from its start too', () => {
    const restored = (step: number) => ({ type: 'restored', step, at: expect.any(String) });
    expect(resumedHistory({ lost: LOST }, 'mine').all).toEqual([LOST, restored(0)]);
    const ended = { ...checkpointOf(3), lost: LOST };
    expect(resumedHistory(ended, 'mine').all).toEqual([...BEFORE, LOST, restored(3)]);
  });
});

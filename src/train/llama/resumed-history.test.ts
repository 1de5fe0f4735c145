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
    const interruption = { lost: LOST, happened: [] };
    expect(resumedHistory({ interruption }, 'mine').all).toEqual([LOST, restored(0)]);
    const ended = { ...checkpointOf(3), interruption };
    expect(resumedHistory(ended, 'mine').all).toEqual([...BEFORE, LOST, restored(3)]);
  });

  test('what happened after its checkpoint, which knows what happened before', () => {
    const failed = { ...LOST, type: 'checkpoint-failed', step: 2, why: 'no room' } as const;
    const later = { ...failed, step: 3 };
    const { from } = checkpointOf(4);
    const history = [failed, ...BEFORE];
    const known = { broken: [], checkpoint: { ...from?.checkpoint, history } as RunCheckpoint };
    const interruption = { lost: LOST, happened: [failed, later] };
    const restored = { type: 'restored', step: 3, at: expect.any(String) };
    expect(resumedHistory({ from: known, interruption }, 'mine').all).toEqual([
      ...[...history, later, LOST, restored],
    ]);
  });
});

import { describe, expect, test } from 'vitest';
import type { RunCheckpoint } from '../checkpoint/run-checkpoint.ts';
import type { LlamaTraining } from './llama-training.ts';
import { resumedHistory } from './resumed-history.ts';

const BEFORE = [{ type: 'heldout', step: 3, loss: 2 }] as const;
const LOST = { type: 'lost', step: 3, at: '2026-11-27T15:00:00.000Z', why: 'it died' } as const;

/** A checkpoint after three steps. */
const checkpointOf = (
  steps: number,
  madeBy?: RunCheckpoint['madeBy'],
): Pick<LlamaTraining, 'from'> => ({
  from: {
    broken: [],
    checkpoint: {
      state: { step: 3 },
      steps,
      history: BEFORE,
      engine: 'mine',
      madeBy,
    } as unknown as RunCheckpoint,
  },
});

const by = (engine: string) => ({ engine, workers: { workers: 1 } });

describe('a run tells', () => {
  test('nothing where it begins', () => {
    expect(resumedHistory({}, by('mine')).all).toEqual([]);
  });

  test('that it goes on, and whose checkpoint that is', () => {
    const restored = { type: 'restored', step: 3, at: expect.any(String) };
    expect(resumedHistory(checkpointOf(4), by('mine')).all).toEqual([...BEFORE, restored]);
    expect(resumedHistory(checkpointOf(4), by('another')).all).toEqual([
      ...BEFORE,
      { ...restored, writtenBy: 'mine' },
    ]);
  });

  test('that others make its steps from there on', () => {
    const now = { engine: 'mine', workers: { workers: 1 } };
    const oneOf = (madeBy?: RunCheckpoint['madeBy']) =>
      resumedHistory(checkpointOf(4, madeBy), now).all.at(-1);
    const restored = { type: 'restored', step: 3, at: expect.any(String) };
    expect(oneOf({ workers: 1 })).toEqual(restored);
    // An earlier build did not tell.
    expect(oneOf()).toEqual(restored);
    const was = { workers: 2, strategy: 'full_shard' } as const;
    expect(oneOf(was)).toEqual({ ...restored, workers: { was, are: { workers: 1 } } });
    const ddp = { engine: 'mine', workers: { workers: 2, strategy: 'ddp' } } as const;
    expect(resumedHistory(checkpointOf(4, was), ddp).all.at(-1)).toEqual({
      ...restored,
      workers: { was, are: ddp.workers },
    });
  });

  test('nothing more where it has made its last step', () => {
    expect(resumedHistory(checkpointOf(3), by('another')).all).toEqual(BEFORE);
  });

  test('what ended it before it goes on, from its start too', () => {
    const restored = (step: number) => ({ type: 'restored', step, at: expect.any(String) });
    const interruption = { lost: LOST, happened: [] };
    expect(resumedHistory({ interruption }, by('mine')).all).toEqual([LOST, restored(0)]);
    const ended = { ...checkpointOf(3), interruption };
    expect(resumedHistory(ended, by('mine')).all).toEqual([...BEFORE, LOST, restored(3)]);
  });

  test('what happened after its checkpoint, which knows what happened before', () => {
    const failed = { ...LOST, type: 'checkpoint-failed', step: 2, why: 'no room' } as const;
    const later = { ...failed, step: 3 };
    const { from } = checkpointOf(4);
    const history = [failed, ...BEFORE];
    const known = { broken: [], checkpoint: { ...from?.checkpoint, history } as RunCheckpoint };
    const interruption = { lost: LOST, happened: [failed, later] };
    const restored = { type: 'restored', step: 3, at: expect.any(String) };
    expect(resumedHistory({ from: known, interruption }, by('mine')).all).toEqual([
      ...[...history, later, LOST, restored],
    ]);
  });
});

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { TrainOptions } from '../commands/train.ts';
import { resumedOptions } from './resumed-options.ts';
import { changeRunFile, writeRunFile } from './run-file.ts';

/** What may be given anew to a run that goes on: how it keeps checkpoints, and who shares it. */

const BEGUN = { checkpointEvery: 2, keep: 10, workers: 2, sharding: 'full_shard' } as const;

let out: string;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'gradproof-run-'));
  mkdirSync(join(out, 'checkpoints'));
  writeRunFile(out, { model: 'my-llama', options: BEGUN, table: [] });
});
afterEach(() => rmSync(out, { recursive: true }));

const resumedWith = (given: Partial<TrainOptions>) => {
  const { checkpointEvery, keep, workers, sharding } = resumedOptions(out, given).options;
  return { checkpointEvery, keep, workers, sharding };
};

test('all of it is as it was', () => {
  expect(resumedWith({})).toEqual(BEGUN);
});

test('each is given anew by itself', () => {
  for (const given of [
    { checkpointEvery: 5 },
    { keep: 1 },
    { workers: 3 },
    { sharding: 'ddp' },
    { workers: 4, sharding: 'shard_grad_op' },
  ] as const)
    expect(resumedWith(given)).toEqual({ ...BEGUN, ...given });
});

test('one worker by itself has no strategy, unless it is asked for, which is then refused', () => {
  expect(resumedWith({ workers: 1 })).toEqual({ ...BEGUN, workers: 1, sharding: undefined });
  expect(resumedWith({ workers: 1, sharding: 'ddp' }).sharding).toBe('ddp');
});

test('what was given last is what the next one goes on with', () => {
  changeRunFile(out, resumedWith({ keep: 3, workers: 1 }));
  expect(resumedWith({})).toEqual({ ...BEGUN, keep: 3, workers: 1, sharding: undefined });
  expect(resumedOptions(out, {}).base).toBe('my-llama');
});

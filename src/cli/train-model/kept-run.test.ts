import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { TuningRequest } from '../../harness/tuning.ts';
import { sampleCheckpoint } from '../../train/checkpoint/fixtures/sample.ts';
import { checkpointName } from '../../train/checkpoint/run-checkpoint.ts';
import { writeRunCheckpoint } from '../../train/checkpoint/write-run-checkpoint.ts';
import { UsageError } from '../exit.ts';
import { roomFor, whyNoRoom } from './fixtures/room.ts';
import { keepRun } from './kept-run.ts';

let out: string;
let place: string;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'kept-'));
  place = join(out, 'checkpoints');
});
afterEach(() => rmSync(out, { recursive: true }));

/** Only a run that goes on is held against its request. */
const NO_REQUEST = {} as TuningRequest;
const begin = (model: string) => keepRun(out, { model, options: {}, table: [] }, NO_REQUEST);

const filesIn = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder)
      .sort()
      .map((name) => [name, readFileSync(join(folder, name), 'latin1')]),
  );

/** Leaves a run that has ended in the folder, with what a person put beside it. */
async function leaveEnded(): Promise<Record<string, string>> {
  const last = sampleCheckpoint(60);
  mkdirSync(place);
  writeFileSync(join(place, checkpointName(60)), await writeRunCheckpoint(last));
  writeFileSync(join(place, checkpointName(50)), 'the best');
  writeFileSync(join(place, 'run.json'), '{"version": 1, "model": "old", "base": "old"}');
  writeFileSync(join(place, 'settings.json'), '{}');
  writeFileSync(join(place, 'notes.txt'), 'mine');
  return filesIn(place);
}

test('of a run that begins and has nothing to keep nothing is left', async () => {
  {
    using _run = await begin('model');
    expect(readdirSync(place).sort()).toEqual(['lock', 'run.json']);
  }
  expect(readdirSync(out)).toEqual([]);
});

test('a run that has ended makes way for one that has something to keep, and for no other', async () => {
  const ended = await leaveEnded();
  {
    using _run = await begin('new');
    expect(readFileSync(join(place, 'run.json'), 'utf8')).toContain('"model": "/');
    // What is made before it is told that there is something.
    writeFileSync(join(place, checkpointName(1)), 'new');
  }
  expect(filesIn(place)).toEqual(ended);
  {
    using run = await begin('new');
    writeFileSync(join(place, checkpointName(1)), 'new');
    for (const _row of [1, 2]) run.stays();
  }
  expect(readdirSync(place).sort()).toEqual(['notes.txt', 'run.json', checkpointName(1)]);
});

test('a process that was killed before it had something to keep costs nothing of the run before', async () => {
  const ended = await leaveEnded();
  await begin('killed');
  // The lock of this very process holds nothing, as that of a dead one.
  (await begin('another'))[Symbol.dispose]();
  expect(filesIn(place)).toEqual(ended);
});

test('a run that was cut short is refused, and stays as it is', async () => {
  mkdirSync(place);
  writeFileSync(join(place, checkpointName(50)), await writeRunCheckpoint(sampleCheckpoint(50)));
  const before = filesIn(place);
  await expect(begin('new')).rejects.toThrow('holds a run that was cut short after step 50 of 60');
  expect(filesIn(place)).toEqual(before);
});

test('where the disk is full one line says so, and what was there stays', async ({ skip }) => {
  const why = whyNoRoom();
  if (why !== undefined) skip(why);
  const refusalIn = async (bytes: number) => {
    using _full = roomFor(bytes);
    return await begin('new').catch((error: unknown) => error);
  };
  const tooLarge = 'it is larger than a file may be there';
  const noLock = new UsageError(`--out ${out}: no checkpoints can be kept there: ${tooLarge}`);
  const noRun = new UsageError(`--out ${join(place, 'run.json')}: cannot be written: ${tooLarge}`);
  expect(await refusalIn(0)).toEqual(noLock);
  // The lock fits, and not what the run was begun with.
  expect(await refusalIn(40)).toEqual(noRun);
  expect(readdirSync(out)).toEqual([]);
  const ended = await leaveEnded();
  expect(await refusalIn(0)).toEqual(noLock);
  expect(await refusalIn(40)).toEqual(noRun);
  expect(filesIn(place)).toEqual(ended);
});

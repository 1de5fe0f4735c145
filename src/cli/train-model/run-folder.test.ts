import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RunFolder } from './run-folder.ts';

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'gradproof-'));
});
afterEach(() => rmSync(place, { recursive: true }));

/** Begins a run in a folder, which it may keep. */
function begin(folder: string, keeps: boolean): void {
  using run = new RunFolder(folder);
  mkdirSync(join(folder, 'checkpoints'), { recursive: true });
  writeFileSync(join(folder, 'checkpoints', 'run.json'), '{}');
  if (keeps) run.stays();
}

test('of a run that does not stay no folder is left, and none that was there goes', () => {
  begin(join(place, 'new/run'), false);
  expect(readdirSync(place)).toEqual([]);
  begin(place, false);
  expect(readdirSync(place)).toEqual([]);
  begin(join(place, 'run'), true);
  expect(existsSync(join(place, 'run/checkpoints/run.json'))).toBe(true);
});

test('files of others, and of a run that was there before, stay', () => {
  writeFileSync(join(place, 'notes.txt'), 'mine');
  begin(place, false);
  expect(readdirSync(place)).toEqual(['notes.txt']);
  begin(place, true);
  begin(place, false);
  expect(readdirSync(join(place, 'checkpoints'))).toEqual(['run.json']);
});

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RunFolder } from './run-folder.ts';

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'gradproof-'));
});
afterEach(() => rmSync(place, { recursive: true }));

/** Makes the folder of a run, in which `work` is done meanwhile. */
function during(folder: string, work = () => {}): void {
  using _run = new RunFolder(folder);
  work();
}

test('of a folder that stays empty nothing is left, and none that was there goes', () => {
  during(join(place, 'new/run'));
  expect(readdirSync(place)).toEqual([]);
  during(join(place, 'new/run/'), () => writeFileSync(join(place, 'new/mine.txt'), ''));
  expect(readdirSync(join(place, 'new'))).toEqual(['mine.txt']);
  during(join(place, 'new'));
  during(place);
  expect(readdirSync(place)).toEqual(['new']);
});

test('what another process made there meanwhile stays', () => {
  const checkpoints = join(place, 'run', 'checkpoints');
  during(join(place, 'run'), () => {
    mkdirSync(checkpoints);
    writeFileSync(join(checkpoints, 'run.json'), '{}');
  });
  expect(readFileSync(join(checkpoints, 'run.json'), 'utf8')).toBe('{}');
});

test('a folder that is gone meanwhile is no fault', () => {
  during(join(place, 'run'), () => rmSync(join(place, 'run'), { recursive: true }));
  expect(readdirSync(place)).toEqual([]);
});

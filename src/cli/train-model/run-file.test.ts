import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { resumedOptions } from './resumed-options.ts';
import { changeRunFile, writeRunFile } from './run-file.ts';

let out: string;
let path: string;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'gradproof-run-'));
  mkdirSync(join(out, 'checkpoints'));
  path = join(out, 'checkpoints', 'run.json');
});
afterEach(() => rmSync(out, { recursive: true }));

/** What is said where the file of a run is edited. */
function refusalOf(edit: (text: string) => string): string | undefined {
  writeRunFile(out, { model: 'my-llama', options: { type: 'lora', steps: 40 }, table: [] });
  writeFileSync(path, edit(readFileSync(path, 'utf8')));
  try {
    resumedOptions(out, {});
  } catch (error) {
    return (error as Error).message.replace(`--resume ${out}: `, '');
  }
  return undefined;
}

test('a run goes on with what it was begun with', () => {
  expect(refusalOf((text) => text)).toBeUndefined();
  const { base, tuning, options } = resumedOptions(out, {});
  expect([base, tuning]).toEqual(['my-llama', []]);
  expect(options).toMatchObject({ type: 'lora', steps: 40, out });
});

test('the settings that an earlier run left in the folder begin another', () => {
  const settings = join(out, 'checkpoints', 'settings.json');
  writeFileSync(settings, '{}');
  writeRunFile(out, { model: 'my-llama', options: { config: settings }, table: [] });
  expect(resumedOptions(out, {}).options.config).toBe(settings);
  expect(readFileSync(settings, 'utf8')).toBe('{}');
});

test('a file of another version, a field that is wrong, and what is no JSON are each told in a line', () => {
  expect(refusalOf((text) => text.replace('"version": 2', '"version": 3'))).toBe(
    'checkpoints/run.json: it is of version "3", and this Gradproof reads version 2: go on with the one that wrote it',
  );
  expect(refusalOf((text) => text.replace('40', '"many"'))).toMatch(
    /^checkpoints\/run\.json: steps: Invalid type: .*$/,
  );
  expect(refusalOf((text) => text.slice(0, -9))).toMatch(/^checkpoints\/run\.json: [^\n]+$/);
});

test('a file of the version before, which kept less, is read', () => {
  const less = (text: string) => {
    const { tuning: _, ...rest } = JSON.parse(text);
    return JSON.stringify({ ...rest, version: 1 });
  };
  expect(refusalOf(less)).toBeUndefined();
  expect(resumedOptions(out, {}).tuning).toBeUndefined();
});

test('the table that was measured for a run takes the place of the wish', () => {
  writeRunFile(out, { model: 'my-llama', options: {}, table: 'measured' });
  expect(resumedOptions(out, {}).tuning).toBe('measured');
  const rows = [{ variant: 'tiled', sizes: { TILE: 8 }, rows: [1, 9] }] as const;
  changeRunFile(out, { tuning: rows });
  expect(resumedOptions(out, {}).tuning).toEqual(rows);
});

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { UnfinishedFiles } from './unfinished-files.ts';

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'files-'));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

const text = (content: string) => new TextEncoder().encode(content);

test('files have their names when all are whole, and replace those that were there', async () => {
  const folder = join(place, 'made');
  await using files = new UnfinishedFiles(folder);
  const first = await files.create('a.bin');
  await first.write(text('on'));
  await first.write(text('e'));
  writeFileSync(join(folder, 'b.bin'), 'old');
  await (await files.create('b.bin')).write(text('two'));
  expect(existsSync(join(folder, 'a.bin'))).toBe(false);
  expect(readFileSync(join(folder, 'b.bin'), 'utf8')).toBe('old');
  expect(await files.finish()).toEqual(['a.bin', 'b.bin']);
  expect(readdirSync(folder).sort()).toEqual(['a.bin', 'b.bin']);
  expect(readFileSync(join(folder, 'a.bin'), 'utf8')).toBe('one');
  expect(readFileSync(join(folder, 'b.bin'), 'utf8')).toBe('two');
});

test('nothing is left of files that were not finished', async () => {
  const write = async () => {
    await using files = new UnfinishedFiles(place);
    await (await files.create('a.bin')).write(text('one'));
    await (await files.create('b.bin')).write(text('t'));
    throw new Error('cut short');
  };
  await expect(write()).rejects.toThrow('cut short');
  expect(readdirSync(place)).toEqual([]);
});

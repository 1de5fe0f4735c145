import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { filesIn, openNodeFolder } from './node-folder.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parts-'));
  writeFileSync(join(folder, 'a.bin'), Uint8Array.of(1, 2, 3, 4, 5));
  mkdirSync(join(folder, 'inner'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('reads parts of the files of a folder, and of no folder in it', async () => {
  const files = await filesIn(folder);
  expect([...files.keys()]).toEqual(['a.bin']);
  const file = files.get('a.bin');
  expect(file?.bytes).toBe(5);
  expect(await file?.read(1, 4)).toEqual(Uint8Array.of(2, 3, 4));
  expect(await file?.read(5, 5)).toEqual(new Uint8Array());
});

test('says where a file ends that was longer', async () => {
  const file = (await filesIn(folder)).get('a.bin');
  truncateSync(join(folder, 'a.bin'), 3);
  await expect(file?.read(1, 5)).rejects.toThrow('bytes 1 to 5 are asked for, and 2 are there');
});

test('a place that is not on its disk is refused', async () => {
  for (const place of [
    { kind: 'files', files: [] },
    { kind: 'served', url: '/folder/', files: [] },
  ] as const)
    await expect(openNodeFolder(place)).rejects.toThrow('Node reads folders on its disk alone');
});

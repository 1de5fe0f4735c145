import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RunLock } from './run-lock.ts';

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'lock-'));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

const path = () => join(place, 'lock');
const take = () => RunLock.take('--out x', place);

test('is there while it is held, and names its process', () => {
  {
    using _lock = take();
    expect(readFileSync(path(), 'utf8')).toMatch(new RegExp(`^${process.pid} `));
    expect(readdirSync(place)).toEqual(['lock']);
  }
  expect(readdirSync(place)).toEqual([]);
});

test('is held by a process that lives, and by none that is dead or got its number later', async ({
  skip,
}) => {
  if (process.platform !== 'linux') skip('only Linux tells when a process began');
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 1e6)']);
  const { pid } = child;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    writeFileSync(path(), `${pid} ${stat[19]}`);
    expect(take).toThrow(`--out x: process ${pid} writes its checkpoints there: wait for its end`);
    expect(readdirSync(place)).toEqual(['lock']);
    writeFileSync(path(), `${pid} 1`);
    take()[Symbol.dispose]();
    writeFileSync(path(), `${pid} ${stat[19]}`);
  } finally {
    child.kill('SIGKILL');
  }
  await new Promise((resolve) => child.once('close', resolve));
  using _lock = take();
  expect(readdirSync(place)).toEqual(['lock']);
});

test.each(['', 'nonsense', '0 1', '-1 1', `${process.pid} 1`])('"%s" holds nothing', (text) => {
  writeFileSync(path(), text);
  using _lock = take();
  expect(readFileSync(path(), 'utf8')).toMatch(new RegExp(`^${process.pid} `));
});

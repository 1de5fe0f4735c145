import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { roomFor, whyNoRoom } from './fixtures/room.ts';
import { RunLock } from './run-lock.ts';

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'lock-'));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

const path = () => join(place, 'lock');
const holder = () => readFileSync(join(path(), 'holder'), 'utf8');
/** Leaves a lock that says this. */
const leave = (text: string) => {
  mkdirSync(path(), { recursive: true });
  writeFileSync(join(path(), 'holder'), text);
};
const take = () => RunLock.take('--out x', place);

test('is there while it is held, and names its process', () => {
  {
    using _lock = take();
    expect(holder()).toMatch(new RegExp(`^${process.pid} `));
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
    leave(`${pid} ${stat[19]}`);
    expect(take).toThrow(`--out x: process ${pid} writes its checkpoints there: wait for its end`);
    expect(readdirSync(place)).toEqual(['lock']);
    leave(`${pid} 1`);
    take()[Symbol.dispose]();
    // As builds of before 2026-12-02 did.
    writeFileSync(path(), `${pid} ${stat[19]}`);
    expect(take).toThrow(`--out x: process ${pid} writes its checkpoints there`);
    expect(readdirSync(place)).toEqual(['lock']);
  } finally {
    child.kill('SIGKILL');
  }
  await new Promise((resolve) => child.once('close', resolve));
  using _lock = take();
  expect(readdirSync(place)).toEqual(['lock']);
});

test.each(['', 'nonsense', '0 1', '-1 1', `${process.pid} 1`])('"%s" holds nothing', (text) => {
  leave(text);
  using _lock = take();
  expect(holder()).toMatch(new RegExp(`^${process.pid} `));
});

test('a folder that it made goes with it where that is empty, and the lock of another stays', () => {
  const made = join(place, 'a', 'b');
  RunLock.take('--out x', made)[Symbol.dispose]();
  expect(readdirSync(place)).toEqual([]);
  const lock = take();
  leave('1 of another');
  lock[Symbol.dispose]();
  expect(holder()).toBe('1 of another');
});

test('where nothing can be written none is taken, and nothing is left', ({ skip }) => {
  const why = whyNoRoom();
  if (why !== undefined) skip(why);
  {
    using _full = roomFor(0);
    expect(take).toThrow('EFBIG');
    expect(() => RunLock.take('--out x', join(place, 'a'))).toThrow('EFBIG');
  }
  expect(readdirSync(place)).toEqual([]);
});

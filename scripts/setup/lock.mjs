import {
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { say } from './step.mjs';

const POLL_MS = 100;
const HEARTBEAT_MS = 1_000;
/**
 * An owner that has not shown life for so long is gone, even if another process has its number now.
 */
const ABANDONED_MS = 20_000;

/**
 * Runs `work` while no other process holds the lock `folder`. A lock whose owner is gone is taken
 * over.
 * @template T
 * @param {string} folder made to take the lock, removed to give it back
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(folder, work) {
  for (let told = false; !take(folder); await sleep(POLL_MS)) {
    if (isAbandoned(folder)) clear(folder);
    else if (!told) {
      say('another start is setting up; waiting for it');
      told = true;
    }
  }
  const heartbeat = setInterval(() => utimesSync(folder, new Date(), new Date()), HEARTBEAT_MS);
  const release = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    process.off('exit', release);
    release();
  }
}

/**
 * Moves a folder with our process number into place, which fails while another one is there.
 * @param {string} folder
 */
function take(folder) {
  const mine = `${folder}.${process.pid}`;
  rmSync(mine, { recursive: true, force: true });
  mkdirSync(mine);
  writeFileSync(join(mine, 'pid'), String(process.pid));
  try {
    renameSync(mine, folder);
    return true;
  } catch (error) {
    rmSync(mine, { recursive: true, force: true });
    if (['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(error.code)) return false;
    throw error;
  }
}

/**
 * Removes an abandoned lock; when another process was faster and the lock is a live one by now,
 * puts it back.
 * @param {string} folder
 */
function clear(folder) {
  const aside = `${folder}.aside.${process.pid}`;
  try {
    renameSync(folder, aside);
  } catch {
    return; // another process cleared it
  }
  if (isAbandoned(aside)) rmSync(aside, { recursive: true, force: true });
  else renameSync(aside, folder);
}

/** @param {string} folder */
function isAbandoned(folder) {
  try {
    const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
    return !isAlive(pid) || Date.now() - statSync(folder).mtimeMs > ABANDONED_MS;
  } catch {
    return false; // given back meanwhile
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM'; // alive, of another user
  }
}

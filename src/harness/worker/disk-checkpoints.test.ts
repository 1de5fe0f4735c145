import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hostTensorFrom } from '../../tensor/host.ts';
import { CheckpointKeeper } from '../../train/checkpoint/checkpoint-keeper.ts';
import { safeAt, sampleCheckpoint } from '../../train/checkpoint/fixtures/sample.ts';
import { DiskCheckpoints } from './disk-checkpoints.ts';

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'checkpoints-'));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

describe('checkpoints on disk', () => {
  test('are there whole, replace each other, and go', async () => {
    const folder = new DiskCheckpoints(join(place, 'made'));
    expect(await folder.names()).toEqual([]);
    await folder.replace('a', Uint8Array.of(1, 2));
    await folder.replace('a', Uint8Array.of(3));
    await folder.replace('b', new Uint8Array());
    expect([...(await folder.names())].sort()).toEqual(['a', 'b']);
    expect([await folder.read('a'), await folder.read('b')]).toEqual([
      Uint8Array.of(3),
      new Uint8Array(),
    ]);
    await folder.remove('a');
    await folder.remove('a');
    expect(readdirSync(join(place, 'made'))).toEqual(['b']);
  });

  test('that were cut off are none, and are swept away', async () => {
    const folder = new DiskCheckpoints(place);
    writeFileSync(join(place, 'step-00000001.safetensors.77.part'), 'half');
    mkdirSync(join(place, 'lock.77.part', 'holder'), { recursive: true });
    writeFileSync(join(place, 'run.json'), '{}');
    expect(await folder.names()).toEqual(['run.json']);
    await folder.sweep();
    expect(readdirSync(place)).toEqual(['run.json']);
  });

  test('leave nothing where a write fails', async () => {
    const folder = new DiskCheckpoints(place);
    mkdirSync(join(place, 'a', 'in the way'), { recursive: true });
    await expect(folder.replace('a', Uint8Array.of(1))).rejects.toThrow();
    expect(readdirSync(place)).toEqual(['a']);
  });
});

/** A file system of half a mebibyte at `path`; whether there is one, which takes root on Linux. */
function smallDisk(path: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', path], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('a disk that is full', () => {
  test('keeps what it has, and takes the next when there is room', async ({ skip }) => {
    if (!smallDisk(place)) skip('a small file system can be mounted by root on Linux alone');
    try {
      const keeper = new CheckpointKeeper(new DiskCheckpoints(place), { engine: 'e', every: 1 });
      // 100 KiB each.
      const param = hostTensorFrom('f32', [25_600], new Array<number>(25_600).fill(1));
      const write = (step: number) => {
        const { state, ...rest } = sampleCheckpoint(step);
        const made = async () => ({ ...rest, state: { ...state, tensors: { param } } });
        return keeper.write(step, undefined, made, safeAt(step));
      };
      expect(await write(1)).toHaveProperty('bytes');
      writeFileSync(join(place, 'filler'), new Uint8Array(350 * 1024));
      expect(await write(2)).toMatchObject({ failure: expect.stringContaining('ENOSPC') });
      expect(readdirSync(place).sort()).toEqual(['filler', 'step-00000001.safetensors']);
      expect((await keeper.newest())?.checkpoint.state.step).toBe(1);
      rmSync(join(place, 'filler'));
      expect(await write(3)).toHaveProperty('bytes');
      expect((await keeper.newest())?.checkpoint.state.step).toBe(3);
    } finally {
      execFileSync('umount', [place]);
    }
  });
});

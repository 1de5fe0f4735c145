import { mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckpointFolder } from '../../train/checkpoint/checkpoint-folder.ts';

/** How a file ends that is being written. */
const UNFINISHED = '.part';
/** A call of the system reads at most 2 GiB. */
const MOST_READ = 2 ** 30;

/** Checkpoints in a folder on disk. */
export class DiskCheckpoints implements CheckpointFolder {
  readonly #place: string;

  constructor(place: string) {
    this.#place = place;
  }

  async names(): Promise<readonly string[]> {
    return (await this.#entries()).filter((name) => !name.endsWith(UNFINISHED));
  }

  async read(name: string): Promise<Uint8Array> {
    const file = await open(join(this.#place, name));
    try {
      const bytes = new Uint8Array((await file.stat()).size);
      for (let at = 0; at < bytes.length; ) {
        const part = Math.min(bytes.length - at, MOST_READ);
        const { bytesRead } = await file.read(bytes, at, part, at);
        if (bytesRead === 0) return bytes.subarray(0, at); // it was cut off meanwhile
        at += bytesRead;
      }
      return bytes;
    } finally {
      await file.close();
    }
  }

  async replace(name: string, data: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    await mkdir(this.#place, { recursive: true });
    const unfinished = join(this.#place, `${name}.${process.pid}${UNFINISHED}`);
    try {
      const file = await open(unfinished, 'w');
      try {
        await writeFile(file, data);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(unfinished, join(this.#place, name));
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
    await this.#sync();
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.#place, name), { force: true });
  }

  /** Removes what processes left that were killed while they wrote. */
  async sweep(): Promise<void> {
    for (const name of await this.#entries())
      if (name.endsWith(UNFINISHED))
        await rm(join(this.#place, name), { recursive: true, force: true });
  }

  async #entries(): Promise<readonly string[]> {
    try {
      return await readdir(this.#place);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }

  /** So that a name outlives a power cut; Windows opens no folders, and needs none. */
  async #sync(): Promise<void> {
    if (process.platform === 'win32') return;
    const folder = await open(this.#place);
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }
}

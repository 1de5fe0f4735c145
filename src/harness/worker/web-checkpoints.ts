import type { CheckpointFolder } from '../../train/checkpoint/checkpoint-folder.ts';
import { SaveError } from '../../train/llama/saved-model/save-error.ts';

/** A file of the page's own storage, which the DOM's types do not let move. */
interface OwnFile extends FileSystemFileHandle {
  /** Takes the place of what has that name. */
  move(name: string): Promise<void>;
}

/** One name for all that is not whole yet, so that tabs which close in mid-write leave one file. */
const UNFINISHED = 'unfinished';

/**
 * Checkpoints in a folder of the page's own storage (OPFS), as a worker writes them. A write throws
 * SaveError `save-quota` where there is no room, and leaves what is there.
 */
export class WebCheckpoints implements CheckpointFolder {
  readonly #folder: FileSystemDirectoryHandle;

  constructor(folder: FileSystemDirectoryHandle) {
    this.#folder = folder;
  }

  async names(): Promise<readonly string[]> {
    const names: string[] = [];
    for await (const name of this.#folder.keys()) if (name !== UNFINISHED) names.push(name);
    return names;
  }

  async read(name: string): Promise<Uint8Array> {
    const file = await (await this.#folder.getFileHandle(name)).getFile();
    return new Uint8Array(await file.arrayBuffer());
  }

  async replace(name: string, data: Uint8Array): Promise<void> {
    let file: OwnFile | undefined;
    try {
      file = (await this.#folder.getFileHandle(UNFINISHED, { create: true })) as OwnFile;
      await writeWhole(file, data);
    } catch (error) {
      const full = isFull(error);
      // Where nothing is free no file can be made.
      const room = !full ? undefined : file ? await roomIn(file, data.length) : 0;
      await this.#folder.removeEntry(UNFINISHED).catch(() => undefined); // the next write empties it
      throw full ? noRoomFor(name, data.length, room) : error;
    }
    await file.move(name);
  }

  async remove(name: string): Promise<void> {
    await this.#folder.removeEntry(name);
  }
}

async function writeWhole(file: OwnFile, data: Uint8Array): Promise<void> {
  const open = await file.createSyncAccessHandle();
  try {
    open.truncate(0);
    // A full disk may also be told by another number.
    if (open.write(data) !== data.length) throw new DOMException('cut off', 'QuotaExceededError');
    open.flush();
  } finally {
    open.close();
  }
}

const isFull = (error: unknown): boolean =>
  error instanceof DOMException && error.name === 'QuotaExceededError';

/** How exactly room is found. Bytes. */
const ROOM_STEP = 2 ** 16;

/**
 * How many bytes the file may grow to, found by growing it: browsers do not tell, as Chrome's
 * estimate is 10 GiB more than is used. Undefined where `most` fit, since a file that grows without
 * being written may take no room on the disk.
 */
async function roomIn(file: OwnFile, most: number): Promise<number | undefined> {
  const open = await file.createSyncAccessHandle();
  const fits = (bytes: number): boolean => {
    try {
      open.truncate(0);
      open.truncate(bytes);
      return true;
    } catch {
      return false;
    }
  };
  try {
    if (fits(most)) return undefined;
    let least = 0;
    let above = most;
    while (above - least > ROOM_STEP) {
      const middle = Math.floor((least + above) / 2);
      if (fits(middle)) least = middle;
      else above = middle;
    }
    return least;
  } finally {
    open.close();
  }
}

function noRoomFor(name: string, bytes: number, room: number | undefined): SaveError {
  const free = room === undefined ? '' : `, and about ${room} bytes are free`;
  return new SaveError(
    'save-quota',
    `${name} (${bytes} bytes) does not fit${free}: the disk, or what this browser lets a page keep, is full: delete runs that are kept, or make room`,
  );
}

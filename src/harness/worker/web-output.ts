import type { OutputFolder, OutputStream } from '../../formats/output-folder.ts';
import { SaveError } from '../../train/llama/saved-model/save-error.ts';

/** A file that is written beside what is under its name, until it is closed. */
interface Unfinished {
  readonly name: string;
  readonly stream: FileSystemWritableFileStream;
  /** Whether nothing was under its name before. */
  readonly isNew: boolean;
}

/**
 * Files of a folder that a person chose in a page, or of the page's own storage. Each is written
 * part by part, and takes the place of what is under its name when all of them are whole. Writing
 * throws SaveError `save-quota` where there is no room.
 */
export class WebOutput implements OutputFolder {
  readonly #folder: FileSystemDirectoryHandle;
  readonly #files: Unfinished[] = [];

  constructor(folder: FileSystemDirectoryHandle) {
    this.#folder = folder;
  }

  readonly create = async (name: string): Promise<OutputStream> => {
    const isNew = !(await isThere(this.#folder, name));
    const file = await this.#folder.getFileHandle(name, { create: true });
    const stream = await file.createWritable();
    this.#files.push({ name, stream, isNew });
    // The stream may keep what it gets until it has written it.
    return { write: (bytes) => withRoom(name, () => stream.write(bytes.slice())) };
  };

  readonly finish = async (): Promise<readonly string[]> => {
    const files = this.#files;
    for (const { name, stream } of files) await withRoom(name, () => stream.close());
    return files.splice(0).map(({ name }) => name);
  };

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { name, stream, isNew } of this.#files) {
      await stream.abort().catch(() => undefined); // it is closed, or its disk is gone
      if (isNew) await this.#folder.removeEntry(name).catch(() => undefined);
    }
  }
}

async function isThere(folder: FileSystemDirectoryHandle, name: string): Promise<boolean> {
  try {
    await folder.getFileHandle(name);
    return true;
  } catch {
    return false;
  }
}

async function withRoom(name: string, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!(error instanceof DOMException) || error.name !== 'QuotaExceededError') throw error;
    throw new SaveError(
      'save-quota',
      `${name} does not fit: the disk, or what this browser lets a page keep, is full: make room, or save in a smaller type`,
    );
  }
}

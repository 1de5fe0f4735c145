import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { OutputFolder, OutputStream } from '../../formats/output-folder.ts';

/** Files of a folder on disk, under other names until all of them are whole. */
export class UnfinishedFiles implements OutputFolder {
  readonly #place: string;
  readonly #names: string[] = [];
  #open: FileHandle | undefined;

  constructor(place: string) {
    this.#place = place;
  }

  readonly create = async (name: string): Promise<OutputStream> => {
    await this.#close();
    await mkdir(this.#place, { recursive: true });
    const file = await open(this.#unfinished(name), 'w');
    this.#names.push(name);
    this.#open = file;
    return { write: async (bytes) => await file.writeFile(bytes) };
  };

  readonly finish = async (): Promise<readonly string[]> => {
    await this.#close();
    const names = this.#names.splice(0);
    for (const name of names) await rename(this.#unfinished(name), join(this.#place, name));
    return names;
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#open?.close();
    for (const name of this.#names) await rm(this.#unfinished(name), { force: true });
  }

  #unfinished(name: string): string {
    return join(this.#place, `${name}.${process.pid}.part`);
  }

  async #close(): Promise<void> {
    const file = this.#open;
    this.#open = undefined;
    await file?.sync();
    await file?.close();
  }
}

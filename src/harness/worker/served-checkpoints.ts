import type { CheckpointFolder } from '../../train/checkpoint/checkpoint-folder.ts';
import { askOpener } from './ask-opener.ts';

/** Checkpoints in a folder of the process that opened this page, under an address of its server. */
export class ServedCheckpoints implements CheckpointFolder {
  readonly #url: string;

  /** `url` is a path, and ends with a slash. */
  constructor(url: string) {
    this.#url = url;
  }

  async names(): Promise<readonly string[]> {
    return JSON.parse(await (await askOpener('GET', this.#url)).text());
  }

  async read(name: string): Promise<Uint8Array> {
    return new Uint8Array(await (await askOpener('GET', this.#url + name)).arrayBuffer());
  }

  async replace(name: string, data: Uint8Array<ArrayBuffer>): Promise<void> {
    await askOpener('PUT', this.#url + name, data);
  }

  async remove(name: string): Promise<void> {
    await askOpener('DELETE', this.#url + name);
  }
}

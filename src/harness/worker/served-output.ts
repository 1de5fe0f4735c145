import type { OutputFolder, OutputStream } from '../../formats/output-folder.ts';
import { askOpener } from './ask-opener.ts';

/** Files in a folder of the process that opened this page, under an address of its server. */
export class ServedOutput implements OutputFolder {
  readonly #url: string;

  /** `url` is a path, and ends with a slash. */
  constructor(url: string) {
    this.#url = url;
  }

  readonly create = async (name: string): Promise<OutputStream> => {
    const file = this.#url + name;
    await askOpener('POST', file);
    return { write: async (bytes) => void (await askOpener('PUT', file, bytes.slice())) };
  };

  readonly finish = async (): Promise<readonly string[]> =>
    JSON.parse(await (await askOpener('POST', this.#url)).text());

  async [Symbol.asyncDispose](): Promise<void> {
    await askOpener('DELETE', this.#url);
  }
}

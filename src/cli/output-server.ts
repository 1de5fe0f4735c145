import type { IncomingMessage, ServerResponse } from 'node:http';
import { messageOf } from '../errors.ts';
import type { OutputStream } from '../formats/output-folder.ts';
import { UnfinishedFiles } from '../harness/worker/unfinished-files.ts';
import { AddressedFolders } from './addressed-folders.ts';
import { answerText } from './text-answer.ts';

/** A name of a file in the folder itself, and none that is hidden. */
const FILE_NAME = /^[\w-][\w.-]*$/;

/** A folder that a page writes into. */
interface Written {
  readonly files: UnfinishedFiles;
  /** The file that was begun last. */
  last?: { readonly name: string; readonly stream: OutputStream };
}

/**
 * Lets a page write files of any size into folders on disk, each under an address that no one can
 * guess: POST begins a file, PUT adds bytes to it, and of the folder POST gives all files their names,
 * which it answers, and DELETE removes what has none yet.
 */
export class OutputServer implements AsyncDisposable {
  readonly #folders = new AddressedFolders<Written>('output');

  /** The address of a folder, which ends with a slash. */
  add(path: string): string {
    return this.#folders.add({ files: new UnfinishedFiles(path) });
  }

  /** Whether this is the address of one of the folders, or of a file in it. */
  has(address: string): boolean {
    return this.#folders.at(address) !== undefined;
  }

  /** Answers a request for such an address. */
  async answer(address: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const tell = (status: number, text?: string) => answerText(response, status, text);
    const found = this.#folders.at(address);
    if (!found) return tell(404);
    const { folder, name } = found;
    const { method } = request;
    try {
      if (name === '' && method === 'POST')
        return tell(200, JSON.stringify(await folder.files.finish()));
      if (name === '' && method === 'DELETE') {
        await folder.files[Symbol.asyncDispose]();
        return tell(204);
      }
      if (!FILE_NAME.test(name)) return tell(404, 'no name of a file');
      if (method === 'POST') {
        folder.last = { name, stream: await folder.files.create(name) };
        return tell(204);
      }
      if (method !== 'PUT') return tell(405, 'only POST, PUT and DELETE');
      if (folder.last?.name !== name) return tell(409, 'another file was begun');
      // What fails before all has come still gets an answer.
      for await (const part of request.iterator({ destroyOnReturn: false }))
        await folder.last.stream.write(part);
      tell(204);
    } catch (error) {
      request.resume();
      tell(507, messageOf(error));
    }
  }

  /** Removes all that is not whole. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { files } of this.#folders.all()) await files[Symbol.asyncDispose]();
  }
}

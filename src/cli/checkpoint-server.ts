import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { messageOf } from '../errors.ts';
import { DiskCheckpoints } from '../harness/worker/disk-checkpoints.ts';
import { stepOfName } from '../train/checkpoint/run-checkpoint.ts';
import { AddressedFolders } from './addressed-folders.ts';
import { sendPart } from './folder-server.ts';
import { answerText } from './text-answer.ts';

/** What a page may do with checkpoints, by GET, PUT and DELETE. */
const METHODS: ReadonlySet<string | undefined> = new Set(['GET', 'PUT', 'DELETE']);

/**
 * Keeps the checkpoints that a page makes in folders on disk: each folder under an address that no
 * one can guess, and of its files those alone that have the name of a checkpoint.
 */
export class CheckpointServer {
  /** Their paths. */
  readonly #folders = new AddressedFolders<string>('checkpoints');

  /** The address of a folder, which ends with a slash. */
  add(path: string): string {
    return this.#folders.add(path);
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
    const { folder: path, name } = found;
    const { method } = request;
    if (!METHODS.has(method)) return tell(405, 'only GET, PUT and DELETE');
    const folder = new DiskCheckpoints(path);
    try {
      if (name === '' && method === 'GET') return tell(200, JSON.stringify(await folder.names()));
      if (stepOfName(name) === undefined) return tell(404, 'no name of a checkpoint');
      if (method === 'GET') return await sendPart(join(path, name), request, response);
      if (method === 'DELETE') await folder.remove(name);
      // What fails before all has come still gets an answer.
      else await folder.replace(name, request.iterator({ destroyOnReturn: false }));
      tell(204);
    } catch (error) {
      request.resume();
      tell(507, messageOf(error));
    }
  }
}

import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { messageOf } from '../../errors.ts';
import { KIND_BYTES, kindOf } from '../../formats/file-kind.ts';
import type { ModelFolder } from '../../formats/hugging-face/shards.ts';
import { filesIn } from '../../harness/worker/node-folder.ts';
import { UsageError } from '../exit.ts';

/**
 * The files of a folder that a person named. Throws UsageError for one that is not there, and for a
 * file by what its first bytes say that it is; nothing else of it is read.
 */
export async function folderAt(path: string): Promise<ModelFolder> {
  try {
    if (statSync(path).isFile()) throw new UsageError(fileWords(path));
    return await filesIn(path);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`cannot be read: ${messageOf(error)}`);
  }
}

function fileWords(path: string): string {
  const start = Buffer.alloc(KIND_BYTES);
  const file = openSync(path, 'r');
  try {
    const kind = kindOf(start.subarray(0, readSync(file, start, 0, KIND_BYTES, 0)));
    return `is ${kind ?? 'a file'}, and not a folder: it is not opened; give the folder that save_pretrained of transformers wrote`;
  } finally {
    closeSync(file);
  }
}

import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { GradproofError, messageOf } from '../../errors.ts';
import { KIND_BYTES, kindOf } from '../../formats/file-kind.ts';
import type { FolderPlace } from '../../formats/hugging-face/folder-place.ts';
import type { ModelFolder } from '../../formats/hugging-face/shards.ts';
import { openNodeFolder } from '../../harness/worker/node-folder.ts';
import { UsageError } from '../exit.ts';

/**
 * The files of a model that a person named: a folder, or a lone `.gguf` file. Throws UsageError for
 * one that is not there, and for another file by what its first bytes say that it is; nothing else of
 * it is read.
 */
export async function folderAt(place: FolderPlace): Promise<ModelFolder> {
  try {
    if (place.kind === 'path' && isOtherFile(place.path))
      throw new UsageError(fileWords(place.path));
    return await openNodeFolder(place);
  } catch (error) {
    if (error instanceof GradproofError) throw error;
    throw new UsageError(`cannot be read: ${messageOf(error)}`);
  }
}

function isOtherFile(path: string): boolean {
  const there = statSync(path, { throwIfNoEntry: false });
  if (!there)
    throw new UsageError(
      'there is no such folder: check the path; give the folder that save_pretrained of transformers wrote, or a .gguf file',
    );
  return there.isFile() && !/\.gguf$/i.test(path);
}

function fileWords(path: string): string {
  const start = Buffer.alloc(KIND_BYTES);
  const file = openSync(path, 'r');
  try {
    const kind = kindOf(start.subarray(0, readSync(file, start, 0, KIND_BYTES, 0)));
    return `is ${kind ?? 'a file'}, and not a folder: it is not opened; give the folder that save_pretrained of transformers wrote, or a .gguf file`;
  } finally {
    closeSync(file);
  }
}

import { open, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type FolderPlace, FolderPlaceError } from '../../formats/hugging-face/folder-place.ts';
import { modelFiles } from '../../formats/hugging-face/model-files.ts';
import type { ModelFolder } from '../../formats/hugging-face/shards.ts';
import { cutOff, type PartFile } from '../../formats/part-file.ts';

/**
 * A model as a process of Node reads it: a folder on its disk, or a lone file. Throws
 * {@link FolderPlaceError} for another place, and as `modelFiles` does.
 */
export async function openNodeFolder(place: FolderPlace): Promise<ModelFolder> {
  if (place.kind === 'path') return await modelFiles(await filesIn(place.path));
  throw new FolderPlaceError(
    'Node reads folders on its disk alone: give the path of one, or train in a browser',
  );
}

/** The files of a folder by name, each read by position when it is asked for; of a file it alone. */
export async function filesIn(folder: string): Promise<ModelFolder> {
  if ((await stat(folder)).isFile())
    return new Map([[basename(folder), await partsOfPath(folder)]]);
  const entries = await readdir(folder, { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() || entry.isSymbolicLink());
  const opened = files.map(async ({ name }) => {
    return [name, await partsOfPath(join(folder, name))] as const;
  });
  return new Map(await Promise.all(opened));
}

/** A file on disk. It is open while a part is read, and at no other time. */
async function partsOfPath(path: string): Promise<PartFile> {
  const { size } = await stat(path);
  return {
    bytes: size,
    read: async (start, end) => {
      const file = await open(path);
      try {
        return await readAt(file, start, end);
      } finally {
        await file.close();
      }
    },
  };
}

/** A read may give fewer bytes than it was asked for. */
async function readAt(
  file: Awaited<ReturnType<typeof open>>,
  start: number,
  end: number,
): Promise<Uint8Array> {
  const part = new Uint8Array(end - start);
  let done = 0;
  while (done < part.length) {
    const { bytesRead } = await file.read(part, done, part.length - done, start + done);
    if (bytesRead === 0) throw cutOff(start, end, done);
    done += bytesRead;
  }
  return part;
}

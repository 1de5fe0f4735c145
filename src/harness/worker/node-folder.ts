import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { cutOff, type PartFile } from '../../formats/part-file.ts';

/** The files of a folder by name, each read by position when it is asked for. */
export async function filesIn(folder: string): Promise<ReadonlyMap<string, PartFile>> {
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

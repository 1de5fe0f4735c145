/** A file that is written from its start to its end. */
export interface OutputStream {
  readonly write: (bytes: Uint8Array) => Promise<void>;
}

/**
 * A folder that gets files of any size. Under their names they are there when all of them are whole,
 * and none of them where it is disposed before.
 */
export interface OutputFolder extends AsyncDisposable {
  /** Begins a file; the one before is complete. */
  readonly create: (name: string) => Promise<OutputStream>;
  /** Gives all files their names, which it returns. */
  readonly finish: () => Promise<readonly string[]>;
}

/** Writes a file whose bytes are there already. */
export async function writeWhole(
  folder: Pick<OutputFolder, 'create'>,
  name: string,
  bytes: Uint8Array,
): Promise<void> {
  const file = await folder.create(name);
  await file.write(bytes);
}

/**
 * Where an output folder lies, as it can be sent to a worker: a path of Node, a page's handle, or an
 * address under which the process that opened a page takes files.
 */
export type OutputPlace = string | FileSystemDirectoryHandle;

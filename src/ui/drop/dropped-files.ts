/** A file of a drop. */
export interface DroppedFile {
  /** With the folders that lead to it. */
  readonly path: string;
  readonly file: File;
  /** Dropped itself, not found in a folder. */
  readonly direct: boolean;
}

/** The files of a drop, folders included, however deep; in path order. */
export async function filesOf(transfer: DataTransfer): Promise<readonly DroppedFile[]> {
  // Entries must be taken before the first await: the browser empties the list after the event.
  const items = [...transfer.items].filter(({ kind }) => kind === 'file');
  const entries = items.map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (entries.length === 0)
    return [...transfer.files].map((file) => ({ path: file.name, file, direct: true }));
  return (await Promise.all(entries.map((entry) => filesBelow(entry, true)))).flat();
}

async function filesBelow(
  entry: FileSystemEntry,
  direct: boolean,
): Promise<readonly DroppedFile[]> {
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
    return [{ path: entry.fullPath.replace(/^\//, ''), file, direct }];
  }
  if (!isDirectory(entry)) return [];
  const children = await readAll(entry.createReader());
  const sorted = children.sort((a, b) => (a.name < b.name ? -1 : 1));
  return (await Promise.all(sorted.map((child) => filesBelow(child, false)))).flat();
}

/** A reader gives a folder in portions, an empty one at its end. */
async function readAll(reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> {
  const all: FileSystemEntry[] = [];
  for (;;) {
    const portion = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (portion.length === 0) return all;
    all.push(...portion);
  }
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function isDirectory(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}

/** A folder that a person chooses; some browsers have no such dialog. */
interface FolderDialog {
  readonly showDirectoryPicker?: (options: {
    readonly id: string;
    readonly mode: 'readwrite';
  }) => Promise<FileSystemDirectoryHandle>;
}

/** Where a merged model goes. */
export interface SavingPlace {
  readonly folder: FileSystemDirectoryHandle;
  /** Whether it is the person's own; else its files are downloads. */
  readonly isChosen: boolean;
}

/** The folder of the page's own storage that holds the model of the last run. */
const KEPT = 'merged-model';

/** Whether a person can choose the folder to write. */
export const choosesFolders = (): boolean =>
  (globalThis as FolderDialog).showDirectoryPicker !== undefined;

/**
 * Lets a person choose a folder, or takes an empty one of the page's own storage where the browser has
 * no dialog. Undefined where the person chose none.
 */
export async function savingPlace(): Promise<SavingPlace | undefined> {
  const { showDirectoryPicker } = globalThis as FolderDialog;
  if (!showDirectoryPicker) return { folder: await emptyFolder(), isChosen: false };
  try {
    const folder = await showDirectoryPicker({ id: 'merged-model', mode: 'readwrite' });
    return { folder, isChosen: true };
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') return undefined;
    throw error;
  }
}

async function emptyFolder(): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory();
  await root.removeEntry(KEPT, { recursive: true }).catch(() => undefined); // there is none
  return await root.getDirectoryHandle(KEPT, { create: true });
}

/** Files of a folder that were written, as the disk has them. */
export async function writtenFiles(
  { folder }: SavingPlace,
  names: readonly string[],
): Promise<readonly File[]> {
  return await Promise.all(
    names.map(async (name) => await (await folder.getFileHandle(name)).getFile()),
  );
}

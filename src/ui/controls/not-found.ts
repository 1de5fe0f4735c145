/** Whether a file or folder of the page's own storage is not there, or not any more. */
export const isNotFound = (error: unknown): boolean =>
  error instanceof DOMException && error.name === 'NotFoundError';

/** Removes what a folder of the page's own storage has of this name, if there is something. */
export async function removeIfThere(
  folder: FileSystemDirectoryHandle,
  name: string,
): Promise<void> {
  try {
    await folder.removeEntry(name, { recursive: true });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

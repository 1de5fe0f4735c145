import type { Page } from '@playwright/test';

/** The folder in the page's own storage with the checkpoints of the one run that there is. */
const stored = (page: Page) =>
  page.evaluateHandle(async () => {
    const runs = await (await navigator.storage.getDirectory()).getDirectoryHandle('runs');
    for await (const id of runs.keys())
      return await (await runs.getDirectoryHandle(id)).getDirectoryHandle('checkpoints');
    throw new Error('there is no run');
  });

/** Bytes of a checkpoint. Throws where there is none of this name. */
export async function storedCheckpoint(page: Page, name: string): Promise<Uint8Array> {
  const text = await (await stored(page)).evaluate(async (folder, asked) => {
    const file = await (await folder.getFileHandle(asked)).getFile();
    const bytes = new Uint8Array(await file.arrayBuffer());
    return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  }, name);
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

/** Writes a checkpoint over. */
export async function replaceStored(page: Page, name: string, bytes: Uint8Array): Promise<void> {
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  await (await stored(page)).evaluate(
    async (folder, given) => {
      const open = await (await folder.getFileHandle(given.name)).createWritable();
      await open.write(Uint8Array.from(given.text, (c) => c.charCodeAt(0)));
      await open.close();
    },
    { name, text },
  );
}

import type { Page } from '@playwright/test';

/** A file to drop. */
export interface Dropped {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Drops files on the page as a person does: drag over, then drop. */
export async function drop(page: Page, files: readonly Dropped[]): Promise<void> {
  const plain = files.map(({ name, bytes }) => ({ name, bytes: [...bytes] }));
  const transfer = await page.evaluateHandle((given) => {
    const data = new DataTransfer();
    for (const { name, bytes } of given) data.items.add(new File([Uint8Array.from(bytes)], name));
    return data;
  }, plain);
  await page.dispatchEvent('gp-app', 'dragover', { dataTransfer: transfer });
  await page.dispatchEvent('gp-app', 'drop', { dataTransfer: transfer });
}

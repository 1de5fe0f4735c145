import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { servePage } from '../../src/cli/server.ts';

/**
 * A fixture of a worker: the address of a page with the module `entry`, a file of this folder, beside
 * it as `fileName`.
 */
export const besidePage =
  (entry: string, fileName: string) =>
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixture's dependencies from this pattern.
  async ({}, use: (url: string) => Promise<void>): Promise<void> =>
    withModulePage(fileURLToPath(new URL(entry, import.meta.url)), fileName, use);

/**
 * Builds the module `entry` as `fileName` beside a page that is empty, and serves both while `use`
 * takes the page's address.
 */
export async function withModulePage(
  entry: string,
  fileName: string,
  use: (url: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'gradproof-page-'));
  try {
    await build({
      ...{ configFile: false, logLevel: 'error' },
      build: { outDir: folder, lib: { entry, formats: ['es'], fileName: () => fileName } },
    });
    const head = '<title>Module</title><link rel="icon" href="data:,">';
    await writeFile(join(folder, 'index.html'), head);
    await using server = await servePage(folder);
    await use(server.url);
  } finally {
    await rm(folder, { recursive: true });
  }
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endBrowsers } from './killable-browser.ts';
import { test as base } from './page-test.ts';

/** A test with an empty folder on disk, as for the data of a browser of its own, which ends with it. */
export const test = base.extend<{ folder: string }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixture's dependencies from this pattern.
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'gradproof-'));
    await use(folder);
    await endBrowsers(folder);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  },
});

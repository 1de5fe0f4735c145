import { fileURLToPath } from 'node:url';
import { test as base } from '@playwright/test';
import { servePage } from '../src/cli/server.ts';

/** The built page as `npm start` serves it, on a port of its own for each worker; `page.goto('./')` opens it. */
export const test = base.extend<object, { site: string }>({
  site: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of the fixtures that are needed here
    async ({}, use) => {
      const server = await servePage(fileURLToPath(new URL('../dist/page', import.meta.url)));
      await use(server.url);
      await server[Symbol.asyncDispose]();
    },
    { scope: 'worker' },
  ],
  baseURL: async ({ site }, use) => use(site),
});

export { expect } from '@playwright/test';

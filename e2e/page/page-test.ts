import { test as base, expect, type Locator, type Page } from '@playwright/test';
import { findBrowsers } from '../../src/cli/browser/find.ts';
import { servePage } from '../../src/cli/server.ts';

/** Software adapter: the same on every machine, and the page must say that no graphics chip is in use. */
const SOFTWARE_ADAPTER = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];

interface WorkerFixtures {
  readonly gpuArguments: readonly string[];
  readonly server: { readonly url: string };
}

/** A test of the built page, served from dist/page on a port of its own, in an installed browser. Uncaught errors fail it. */
export const test = base.extend<{ readonly quietPage: undefined }, WorkerFixtures>({
  gpuArguments: [SOFTWARE_ADAPTER, { scope: 'worker', option: true }],
  launchOptions: [
    async ({ gpuArguments }, use) => {
      const browser = findBrowsers()[0];
      const root = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
      const args = [...root, '--disable-quic', '--no-first-run', '--disable-background-networking', ...gpuArguments];
      await use({ args, ...(browser ? { executablePath: browser.path } : {}) });
    },
    { scope: 'worker' },
  ],
  server: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixture's dependencies from this pattern.
    async ({}, use) => {
      await using server = await servePage('dist/page');
      await use(server);
    },
    { scope: 'worker' },
  ],
  baseURL: async ({ server }, use) => use(server.url),
  quietPage: [
    async ({ page }, use) => {
      const problems: string[] = [];
      page.on('pageerror', (error) => problems.push(error.message));
      page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
      await use(undefined);
      expect(problems, 'errors on the console').toEqual([]);
    },
    { auto: true },
  ],
});

/** Opens the page and waits until it has looked at the computer. */
export async function open(page: Page, address = '/'): Promise<void> {
  await page.goto(address);
  await expect(page.getByText('Found:')).toBeVisible();
}

/** Runs what the page has chosen, to its end. */
export async function runToEnd(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page.getByRole('button', { name: 'Run again' })).toBeVisible({ timeout: 60_000 });
}

/** The headline of the answer. */
export function answerOf(page: Page): Locator {
  return page.getByRole('region', { name: 'Answer' }).getByRole('heading');
}

export { expect };

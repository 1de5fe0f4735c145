import { readFile } from 'node:fs/promises';
import type { Locator, Page } from '@playwright/test';
import { SOFTWARE_ADAPTER, WITHOUT_FEATURES } from '../../src/cli/browser/arguments.ts';
import { findBrowsers } from '../../src/cli/browser/find.ts';
import { type PageServer, servePage } from '../../src/cli/server.ts';
import { readReport } from '../../src/report/read.ts';
import type { Report } from '../../src/report/schema.ts';
import { test as base, expect } from '../counted.ts';

/**
 * Software adapter: the same on every machine, and the page must say that no graphics chip is in
 * use.
 */
const SOFTWARE = ['--enable-unsafe-webgpu', ...SOFTWARE_ADAPTER];

interface TestFixtures {
  /** The test is about what browsers log as an error, such as a refused connection. */
  readonly mayLogErrors: boolean;
  readonly quietPage: undefined;
}

interface WorkerFixtures {
  readonly gpuArguments: readonly string[];
  readonly server: PageServer;
}

/**
 * A test of the built page, served from dist/page on a port of its own, in an installed browser.
 * Uncaught errors fail it.
 */
export const test = base.extend<TestFixtures, WorkerFixtures>({
  // What the page keeps for later costs every test; those of it allow it.
  serviceWorkers: 'block',
  gpuArguments: [SOFTWARE, { scope: 'worker', option: true }],
  launchOptions: [
    async ({ gpuArguments }, use) => {
      const browser = findBrowsers()[0];
      const root = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
      const args = [
        ...root,
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        WITHOUT_FEATURES,
        ...gpuArguments,
      ];
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
  mayLogErrors: [false, { option: true }],
  quietPage: [
    async ({ page, mayLogErrors }, use) => {
      const problems: string[] = [];
      page.on('pageerror', (error) => problems.push(error.message));
      page.on(
        'console',
        (message) => message.type() === 'error' && !mayLogErrors && problems.push(message.text()),
      );
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
  await expect(page.getByRole('button', { name: 'Run again' })).toBeVisible();
}

/** The report that "Save report" saves, by its own reader. */
export async function savedReport(page: Page): Promise<Report> {
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Save report' }).click(),
  ]);
  return readReport(await readFile(await file.path(), 'utf8'), file.suggestedFilename());
}

/**
 * A row of the tree of checks; its name is read out as `suite, 3 right, 1 wrong` or `case, right`.
 */
export function rowOf(page: Page, name: RegExp): Locator {
  return page.getByRole('treeitem', { name }).first();
}

/** What is shown of the row that was chosen. */
export function detailOf(page: Page): Locator {
  return page.getByRole('region', { name: 'What is chosen' });
}

/** The headline of the answer. */
export function answerOf(page: Page): Locator {
  return page.getByRole('region', { name: 'Answer' }).getByRole('heading');
}

export { expect };

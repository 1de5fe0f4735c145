import { defineConfig } from '@playwright/test';
import { browserArguments } from './src/cli/browser/arguments.ts';
import { findBrowsers } from './src/cli/browser/find.ts';

const installed = findBrowsers()[0];

/** End-to-end tests: the page in the browser that the command line would take, and the command line as a child process. */
export default defineConfig({
  testDir: 'e2e',
  globalSetup: './e2e/set-up.ts',
  outputDir: 'test-results/end-to-end',
  fullyParallel: true,
  workers: 2,
  timeout: 60_000,
  forbidOnly: true,
  use: {
    launchOptions: { ...(installed ? { executablePath: installed.path } : {}), args: browserArguments(false) },
  },
  projects: [
    { name: 'page', testDir: 'e2e/page' },
    { name: 'cli', testDir: 'e2e/cli' },
  ],
});

import { defineConfig } from '@playwright/test';

/** End-to-end tests: the page in an installed browser, and the command line as a child process. */
export default defineConfig({
  testDir: 'e2e',
  globalSetup: './e2e/set-up.ts',
  outputDir: 'test-results/end-to-end',
  fullyParallel: true,
  workers: 2,
  timeout: 60_000,
  forbidOnly: true,
  projects: [
    { name: 'page', testDir: 'e2e/page' },
    { name: 'cli', testDir: 'e2e/cli' },
  ],
});

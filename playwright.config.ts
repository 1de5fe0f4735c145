import { defineConfig } from '@playwright/test';

/** End-to-end tests of the built page and of the command line; each file makes what it needs. */
export default defineConfig({
  testDir: 'e2e',
  timeout: 60_000,
  workers: 1,
  fullyParallel: false,
  forbidOnly: true,
  reporter: [['list']],
  outputDir: 'test-results',
});

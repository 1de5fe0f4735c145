import { defineConfig } from '@playwright/test';

/**
 * Makes the pictures of the README and of links to the page; no tests, so no other configuration
 * finds them.
 */
export default defineConfig({
  testDir: '.',
  testMatch: /[/\\](readme|card)\.ts$/,
  // These only end what hangs: a busy machine is several times as slow as an idle one.
  timeout: 1_800_000,
  expect: { timeout: 60_000 },
  use: { actionTimeout: 60_000 },
  workers: 1,
  reporter: [['line']],
  outputDir: '../../test-results/screenshot',
});

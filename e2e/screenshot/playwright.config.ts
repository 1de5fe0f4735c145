import { defineConfig } from '@playwright/test';

/** Makes the picture of the README; no test, so no other configuration finds it. */
export default defineConfig({
  testDir: '.',
  testMatch: 'readme.ts',
  timeout: 300_000,
  workers: 1,
  reporter: [['line']],
  outputDir: '../../test-results/screenshot',
});

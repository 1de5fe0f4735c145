import { defineConfig } from '@playwright/test';

/** End-to-end tests: the page in an installed browser, and the command line as a child process. */
export default defineConfig({
  testDir: 'e2e',
  globalSetup: './e2e/set-up.ts',
  outputDir: 'test-results/end-to-end',
  // One picture whatever the project: visual.spec.ts says where it holds.
  snapshotPathTemplate: '{testDir}/snapshots/{arg}{ext}',
  fullyParallel: true,
  // One more than machines of CI have cores: a test waits for processes half of its time.
  workers: 3,
  // These only end what hangs: a busy machine is several times as slow as an idle one.
  timeout: 600_000,
  expect: { timeout: 60_000, toPass: { timeout: 60_000 } },
  use: { actionTimeout: 60_000 },
  forbidOnly: true,
  projects: [
    { name: 'page', testDir: 'e2e/page' },
    { name: 'cli', testDir: 'e2e/cli' },
  ],
});

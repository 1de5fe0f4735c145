// `node scripts/screenshot.mjs`: makes docs/screenshot.png, the picture of the README, from the
// built page after a real run.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuild } from './setup/build.mjs';
import { ensurePackages } from './setup/packages.mjs';
import { runStep } from './setup/run.mjs';
import { runMain } from './setup/step.mjs';

await runMain(async () => {
  const root = fileURLToPath(new URL('..', import.meta.url));
  await ensurePackages(root);
  await ensureBuild(root);
  const playwright = join(root, 'node_modules/@playwright/test/cli.js');
  const config = join(root, 'e2e/screenshot/playwright.config.ts');
  await runStep('taking the picture', [process.execPath, playwright, 'test', '--config', config], {
    cwd: root,
  });
});

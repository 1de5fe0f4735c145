// `node scripts/screenshot.mjs readme`: makes docs/screenshot.png, the picture of the README, from
// the built page after a real run. With `card`: public/card.png, the picture of links to the page.
// Without a name: both.
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
  const names = process.argv.slice(2).map((name) => `screenshot/${name}\\.ts$`);
  const command = [process.execPath, playwright, 'test', '--config', config, ...names];
  await runStep('taking the pictures', command, { cwd: root });
});

// `node scripts/screenshot.mjs readme`: makes docs/screenshot.png, the picture of the README, from
// the built page after a real run. With `card`: public/card.png, the picture of links to the page.
// Without a name: both.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuild } from './setup/build.mjs';
import { ensurePackages } from './setup/packages.mjs';
import { runStep } from './setup/run.mjs';
import { runMain, SetupError } from './setup/step.mjs';

const PICTURES = ['readme', 'card'];

await runMain(async () => {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const given = process.argv.slice(2);
  const unknown = given.find((name) => !PICTURES.includes(name));
  if (unknown !== undefined)
    throw new SetupError(`there is no picture ${unknown}; there are ${PICTURES.join(', ')}`);
  await ensurePackages(root);
  await ensureBuild(root);
  const playwright = join(root, 'node_modules/@playwright/test/cli.js');
  const config = join(root, 'e2e/screenshot/playwright.config.ts');
  const names = given.map((name) => `screenshot/${name}\\.ts$`);
  const command = [process.execPath, playwright, 'test', '--config', config, ...names];
  await runStep('taking the pictures', command, { cwd: root });
});

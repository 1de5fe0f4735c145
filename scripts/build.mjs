// `npm run build`: packages, then command line, plan, page and library into dist/, whether or not
// sources changed.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from './setup/build.mjs';
import { buildLibrary } from './setup/library.mjs';
import { withLock } from './setup/lock.mjs';
import { checkNode, ensurePackages } from './setup/packages.mjs';
import { runMain } from './setup/step.mjs';

await runMain(async () => {
  const root = fileURLToPath(new URL('..', import.meta.url));
  checkNode();
  mkdirSync(join(root, '.cache'), { recursive: true });
  await withLock(join(root, '.cache/set-up.lock'), async () => {
    await ensurePackages(root);
    await build(root);
    await buildLibrary(root);
  });
});

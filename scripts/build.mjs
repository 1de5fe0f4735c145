// `npm run build`: packages, then command line, plan, page and library into dist/, whether or not
// sources changed. `--share-base URL` says where others find the page: there its share links lead.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from './setup/build.mjs';
import { buildLibrary } from './setup/library.mjs';
import { withLock } from './setup/lock.mjs';
import { checkNode, ensurePackages } from './setup/packages.mjs';
import { runMain, SetupError } from './setup/step.mjs';

await runMain(async () => {
  const root = fileURLToPath(new URL('..', import.meta.url));
  checkNode();
  process.env['GRADPROOF_BUILD_SHARE_BASE'] = shareBase();
  mkdirSync(join(root, '.cache'), { recursive: true });
  await withLock(join(root, '.cache/set-up.lock'), async () => {
    await ensurePackages(root);
    await build(root);
    await buildLibrary(root);
  });
});

/** The address that `--share-base` gives, or an empty text. */
function shareBase() {
  try {
    const { values } = parseArgs({ options: { 'share-base': { type: 'string', default: '' } } });
    const url = values['share-base'];
    if (url === '' || /^https?:\/\/[^?#@]+$/.test(url)) return url;
    throw new Error(`--share-base ${url}: must be the address of a page`);
  } catch (error) {
    throw new SetupError(error.message);
  }
}

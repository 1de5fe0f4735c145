import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildIsFresh, ensureBuild } from './build.mjs';
import { withLock } from './lock.mjs';
import { checkNode, ensurePackages, packagesAreFresh } from './packages.mjs';

/**
 * Brings a checkout to where it runs: Node is new enough, packages are those of the lockfile, the
 * build is that of the sources. An installed package has no sources and is ready. Does nothing but
 * look when nothing is missing.
 * @param {string} root
 */
export async function prepare(root) {
  checkNode();
  if (!existsSync(join(root, 'src')) || (packagesAreFresh(root) && buildIsFresh(root))) return;
  mkdirSync(join(root, '.cache'), { recursive: true });
  await withLock(join(root, '.cache/set-up.lock'), async () => {
    await ensurePackages(root);
    await ensureBuild(root);
  });
}

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from '../setup/lock.mjs';
import { ensurePackages, packagesAreFresh } from '../setup/packages.mjs';
import { runStep } from '../setup/run.mjs';
import { peersStamp } from '../setup/stamp.mjs';
import { say } from '../setup/step.mjs';

/** The modules of the peers, and what they were built from. @param {string} root */
const stampFile = (root) => join(root, 'dist/peers/sources.sha256');

/**
 * Whether the peers are installed, and built from the sources as they are.
 * @param {string} root
 */
function peersAreFresh(root) {
  try {
    return (
      packagesAreFresh(join(root, 'bench')) &&
      readFileSync(stampFile(root), 'utf8') === peersStamp(root)
    );
  } catch {
    return false;
  }
}

/**
 * Installs the libraries that bench times beside the engine, and builds their modules into
 * dist/peers. The project's own packages must be there.
 * @param {string} root
 */
export async function ensurePeers(root) {
  if (peersAreFresh(root)) return;
  mkdirSync(join(root, '.cache'), { recursive: true });
  await withLock(join(root, '.cache/set-up.lock'), async () => {
    await ensurePackages(join(root, 'bench'));
    if (!peersAreFresh(root)) await build(root);
  });
}

/** The stamp goes with the last build and comes last. @param {string} root */
async function build(root) {
  say('building the peers');
  rmSync(stampFile(root), { force: true });
  const stamp = peersStamp(root);
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  const config = join(root, 'bench/vite.config.ts');
  await runStep(
    'building the peers',
    [process.execPath, vite, 'build', '--config', config, '--logLevel', 'warn'],
    { cwd: root },
  );
  writeFileSync(stampFile(root), stamp);
}

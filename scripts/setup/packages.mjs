import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runStep } from './run.mjs';
import { SetupError, say } from './step.mjs';

const OLDEST_NODE = [20, 19];

/** Throws SetupError when this Node is too old to build and run. */
export function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
  throw new SetupError(
    `Node ${process.versions.node} is too old: install Node ${OLDEST_NODE.join('.')} or newer from your system or nodejs.org`,
  );
}

/**
 * Whether node_modules holds just what the lockfile names for this platform.
 * @param {string} root
 */
export function packagesAreFresh(root) {
  // Npm writes it at the end of an installation.
  const installed = packagesOf(join(root, 'node_modules/.package-lock.json'));
  if (!installed) return false;
  const wanted = packagesOf(join(root, 'package-lock.json')) ?? {};
  delete wanted[''];
  const missing = Object.keys(wanted).some((path) => !installed[path] && !wanted[path].optional);
  const stale = Object.keys(installed).some(
    (path) =>
      installed[path].integrity !== wanted[path]?.integrity || !existsSync(join(root, path)),
  );
  return !missing && !stale;
}

/**
 * Installs the packages of the lockfile when they are missing or not those.
 * @param {string} root
 */
export async function ensurePackages(root) {
  if (packagesAreFresh(root)) return;
  say(
    `${existsSync(join(root, 'node_modules')) ? 'the lockfile changed' : 'packages are missing'}: installing them with npm ci`,
  );
  await runStep(
    'installing packages',
    ['npm', 'ci', '--prefer-offline', '--no-fund', '--no-audit'],
    { cwd: root, quiet: true },
  );
}

/**
 * @param {string} file
 * @returns {Record<string, { integrity?: string, optional?: boolean }> | undefined}
 */
function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

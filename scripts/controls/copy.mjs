import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join, sep } from 'node:path';

/** What a checkout holds that is made, not written. */
const MADE = /^(node_modules|dist|\.git|\.cache|\.venv|\.vite.*|test-results)$/;
/** Tests beside PEFT are skipped without it. */
const ENVIRONMENT = 'bridge/.venv';

/**
 * Copies the sources below `root`, with its packages and the environment of the bridge as links: what
 * is made there is made anew.
 * @param {string} root
 * @param {string} target
 */
export function copySources(root, target) {
  const isMade = (path) =>
    path
      .slice(root.length)
      .split(sep)
      .some((name) => MADE.test(name));
  cpSync(root, target, { recursive: true, filter: (path) => !isMade(path) });
  // One by one, so that what tools keep beside packages is the copy's own.
  const packages = join(target, 'node_modules');
  mkdirSync(packages);
  for (const entry of readdirSync(join(root, 'node_modules'), { withFileTypes: true })) {
    const path = join(root, 'node_modules', entry.name);
    if (entry.isFile()) cpSync(path, join(packages, entry.name));
    else if (!MADE.test(entry.name)) symlinkSync(path, join(packages, entry.name), 'junction');
  }
  const environment = join(root, ENVIRONMENT);
  if (existsSync(environment)) symlinkSync(environment, join(target, ENVIRONMENT), 'junction');
}

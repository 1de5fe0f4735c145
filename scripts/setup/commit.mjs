import { spawnSync } from 'node:child_process';

/**
 * The hash of the last commit; empty without git, outside a checkout, and before the first commit.
 * @param {string} root
 */
export function commitOf(root) {
  const command = ['rev-parse', '--verify', '--quiet', 'HEAD'];
  const { stdout } = spawnSync('git', command, { cwd: root, encoding: 'utf8' });
  return stdout?.trim() ?? '';
}

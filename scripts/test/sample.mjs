import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';

/**
 * Of the cases that only the full tier has, one in so many is run: with the quick tier and all
 * their controls that takes about four minutes.
 */
const ONE_IN = 3;

/**
 * Filters that leave the quick tier and a sample of the other cases of the full tier, another for
 * each commit and the same for one.
 * @param {string} root
 * @returns {string[]}
 */
export function sampleOfCommit(root) {
  const quick = new Set(idsOf(root, 'quick'));
  const others = idsOf(root, 'full').filter((id) => !quick.has(id));
  const commit = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
  const place = (id) => createHash('sha256').update(`${commit} ${id}`).digest('hex');
  const shuffled = others.toSorted((a, b) => (place(a) < place(b) ? -1 : 1));
  const leftOut = shuffled.slice(Math.ceil(shuffled.length / ONE_IN));
  return leftOut.flatMap((id) => ['--filter', `!${id}`]);
}

/** @param {string} root @param {string} tier @returns {string[]} */
function idsOf(root, tier) {
  const command = [join(root, 'scripts/start.mjs'), '--list', '--tier', tier];
  const text = execFileSync(process.execPath, command, { cwd: root, encoding: 'utf8' });
  return text
    .trim()
    .split('\n')
    .map((line) => line.slice(0, line.lastIndexOf(' ')));
}

import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/**
 * The hash of the last commit, read without git, which a command may be started without; empty
 * outside a checkout, and before the first commit.
 * @param {string} root
 */
export function commitOf(root) {
  try {
    const folder = gitFolder(root);
    const head = read(folder, 'HEAD');
    if (!head.startsWith('ref: ')) return head;
    return readRef(commonFolder(folder), head.slice(5));
  } catch {
    return '';
  }
}

/** @param {string} folder @param {string} file */
function read(folder, file) {
  return readFileSync(join(folder, file), 'utf8').trim();
}

/** `.git`, or in a linked working tree the folder that this file names. @param {string} root */
function gitFolder(root) {
  const path = join(root, '.git');
  try {
    return resolve(
      root,
      readFileSync(path, 'utf8')
        .trim()
        .replace(/^gitdir: /, ''),
    );
  } catch {
    return path;
  }
}

/** Where branches are, which linked working trees share. @param {string} folder */
function commonFolder(folder) {
  try {
    return resolve(folder, read(folder, 'commondir'));
  } catch {
    return folder;
  }
}

/** @param {string} folder @param {string} ref */
function readRef(folder, ref) {
  try {
    return read(folder, ref);
  } catch {
    const line = read(folder, 'packed-refs')
      .split('\n')
      .find((each) => each.endsWith(` ${ref}`));
    return line?.split(' ')[0] ?? '';
  }
}

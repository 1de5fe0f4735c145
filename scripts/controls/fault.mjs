import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * A mistake in the sources, as src/catalog/covers.ts declares it.
 * @typedef {{ file: string, from: string, to: string } | { file: string, text: string }} SourceFault
 */

/**
 * The text of the file with the fault. Throws Error where the fragment does not stand there once or
 * nothing would change.
 * @param {string | undefined} source what is in the file, undefined where there is none
 * @param {SourceFault} fault
 * @returns {string}
 */
export function withFault(source, fault) {
  const { file } = fault;
  if ('text' in fault) {
    if (source !== undefined) throw new Error(`${file} is to be planted and is there`);
    return fault.text;
  }
  const { from, to } = fault;
  const parts = source?.split(from) ?? [];
  if (from === '' || parts.length !== 2)
    throw new Error(`"${from}" must stand once in ${file}: ${Math.max(0, parts.length - 1)} times`);
  if (from === to) throw new Error(`the fault changes nothing in ${file}`);
  return parts.join(to);
}

/**
 * Puts the fault into the sources below `root` until the returned function is called.
 * @param {string} root
 * @param {SourceFault} fault
 * @returns {() => void}
 */
export function plant(root, fault) {
  const path = join(root, fault.file);
  const source = sourceOf(root, fault);
  const wrong = withFault(source, fault);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, wrong);
  return () => (source === undefined ? rmSync(path) : writeFileSync(path, source));
}

/**
 * What is in the file of a fault, undefined where there is none.
 * @param {string} root
 * @param {SourceFault} fault
 */
export function sourceOf(root, { file }) {
  const path = join(root, file);
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

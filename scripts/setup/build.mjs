import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runStep } from './run.mjs';
import { sourceStamp } from './stamp.mjs';
import { say } from './step.mjs';

const STAMP = 'dist/sources.sha256';

/** Whether dist holds the build of the sources as they are. @param {string} root */
export function buildIsFresh(root) {
  try {
    return readFileSync(join(root, STAMP), 'utf8') === sourceStamp(root);
  } catch {
    return false;
  }
}

/**
 * Builds command line, plan and page when sources changed since the last build.
 * @param {string} root
 */
export async function ensureBuild(root) {
  if (buildIsFresh(root)) return;
  say(`${existsSync(join(root, STAMP)) ? 'sources changed' : 'nothing is built'}: building`);
  await build(root);
}

/**
 * Builds beside the last build and swaps at the end; the stamp goes first and comes last, so that
 * an interrupted build never looks fresh.
 * @param {string} root
 */
export async function build(root) {
  const started = Date.now();
  const stamp = sourceStamp(root);
  const next = join(root, 'dist/.next');
  rmSync(next, { recursive: true, force: true });
  const vite = (mode, out) =>
    runStep(
      `building ${out}`,
      [
        process.execPath,
        join(root, 'node_modules/vite/bin/vite.js'),
        'build',
        '--logLevel',
        'warn',
        '--mode',
        mode,
        '--outDir',
        join(next, out),
      ],
      { cwd: root },
    );
  await vite('node', 'node');
  const { writePlan } = await import(pathToFileURL(join(next, 'node/plan.js')).href);
  await writePlan(join(root, 'public/plans'));
  await vite('production', 'page');
  rmSync(join(root, STAMP), { force: true });
  for (const part of readdirSync(next)) {
    rmSync(join(root, 'dist', part), { recursive: true, force: true });
    renameSync(join(next, part), join(root, 'dist', part));
  }
  rmSync(next, { recursive: true, force: true });
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(join(root, `${STAMP}.new`), stamp);
  renameSync(join(root, `${STAMP}.new`), join(root, STAMP));
  say(`built in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

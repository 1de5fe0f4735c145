import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ShaderFiles } from '../harness/mutation/sources.ts';
import { UsageError } from './exit.ts';

/** The folder above the built command line: the checkout, or an installed package. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Where a command keeps what it may lose. */
export const CACHE_FOLDER = join(ROOT, '.cache');

/** The sources of the shaders, which only a checkout has. Throws {@link UsageError}. */
export function readShaders(): ShaderFiles {
  const folder = join(ROOT, 'shaders');
  if (!existsSync(folder))
    throw new UsageError(`mutate changes the sources of the shaders, and ${folder} is not there: run it in a checkout`);
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => /\.(wgsl|wesl)$/.test(path));
  return Object.fromEntries(paths.map((path) => [path.split(sep).join('/'), readFileSync(join(folder, path), 'utf8')]));
}

/** The shaders (paths in shaders/ without extension) that differ from the last commit, new ones among them; undefined without git. */
export function changedShaders(): readonly string[] | undefined {
  const changed = git('diff', '--name-only', '--relative', 'HEAD', '--', 'shaders');
  const added = git('ls-files', '--others', '--exclude-standard', '--', 'shaders');
  return changed && added && [...changed, ...added].map((path) => path.replace(/^shaders\//, '').replace(/\.\w+$/, ''));
}

function git(...args: readonly string[]): readonly string[] | undefined {
  try {
    const output = execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return output.split('\n').filter((line) => line !== '');
  } catch {
    return undefined; // no git, no checkout, or no commit
  }
}

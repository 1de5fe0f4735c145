import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ModuleTexts } from '../gpu/linked-modules.ts';
import { IN_CHECKOUT } from '../report/reproduce.ts';
import { UsageError } from './exit.ts';
import { shaderFiles } from './shader-files.ts';

/** The folder above the built command line: the checkout, or an installed package. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** How this command line is called, for advice: an installed package has no sources. */
export const PROGRAM = existsSync(join(ROOT, 'src')) ? IN_CHECKOUT : 'npx gradproof';

/** Folder of files that a command can make again. */
export const CACHE_FOLDER = join(ROOT, '.cache');

/** Folders that hold shaders. */
const SOURCES = ['shaders', 'src/quant'];

/** The sources of the shaders, which only a checkout has. Throws {@link UsageError}. */
export function readShaders(): ModuleTexts {
  const folder = join(ROOT, 'shaders');
  if (!existsSync(folder))
    throw new UsageError(
      `mutate changes the sources of the shaders, and ${folder} is not there: run it in a checkout`,
    );
  return Object.fromEntries(
    Object.entries(shaderFiles(ROOT)).map(([path, file]) => [path, readFileSync(file, 'utf8')]),
  );
}

/**
 * The shaders (by their path in the linker's package, without extension) that differ from the last commit, new ones
 * among them; undefined without git.
 */
export function changedShaders(): readonly string[] | undefined {
  const changed = changedFiles(...SOURCES);
  if (!changed) return undefined;
  const names = new Set(changed.map((path) => join(ROOT, path)));
  return Object.entries(shaderFiles(ROOT)).flatMap(([path, file]) =>
    names.has(file) ? [path.replace(/\.\w+$/, '')] : [],
  );
}

/**
 * The files of these folders (by their path from the root) that differ from the last commit, new
 * ones among them; undefined without git.
 */
export function changedFiles(...folders: readonly string[]): readonly string[] | undefined {
  const changed = git('diff', '--name-only', '--relative', 'HEAD', '--', ...folders);
  const added = git('ls-files', '--others', '--exclude-standard', '--', ...folders);
  return changed && added && [...changed, ...added];
}

/** The files of these folders that the last commit changed; none where its parent is not there. */
export function filesOfLastCommit(...folders: readonly string[]): readonly string[] {
  return git('diff', '--name-only', '--relative', 'HEAD~1', 'HEAD', '--', ...folders) ?? [];
}

/** The last commit; undefined without git. */
export function lastCommit(): string | undefined {
  return git('rev-parse', 'HEAD')?.[0];
}

function git(...args: readonly string[]): readonly string[] | undefined {
  try {
    const output = execFileSync('git', args, {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return output.split('\n').filter((line) => line !== '');
  } catch {
    return undefined; // no git, no checkout, or no commit
  }
}

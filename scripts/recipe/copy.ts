import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A file of a recipe. */
interface RecipeFile {
  readonly path: string;
  readonly text: string;
}

/**
 * The files of a chapter of CONTRIBUTING: a path in backticks after a bold title, and the code block
 * that follows.
 */
function filesOf(title: string): readonly RecipeFile[] {
  const page = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');
  const start = page.indexOf(`## ${title}\n`);
  const chapter = page.slice(start, page.indexOf('\n## ', start + 1));
  return [
    ...chapter.matchAll(/^\*\*\d\. [^*]+\*\*, `([^`]+)`[\s\S]*?\n```\w+\n([\s\S]*?)```/gm),
  ].map(([, path, text]) => ({ path: String(path), text: String(text) }));
}

/** Of vitest's report. */
interface Results {
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** A copy of the tree in which a recipe was followed. */
export class RecipeCopy implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), 'gradproof-recipe-'));
  readonly files: readonly RecipeFile[];

  constructor(title: string) {
    this.files = filesOf(title);
    for (const part of [
      'bridge/pyproject.toml',
      'bridge/src',
      'bridge/tests',
      'src',
      'shaders',
      'suites',
      'docs',
      'e2e',
      'public',
      'scripts',
      'package.json',
      'tsconfig.json',
      'biome.json',
      'vite.config.ts',
      'vitest.config.ts',
    ]) {
      cpSync(join(ROOT, part), this.at(part), { recursive: true });
    }
    symlinkSync(join(ROOT, 'node_modules'), this.at('node_modules'));
    for (const { path, text } of this.files) {
      mkdirSync(dirname(this.at(path)), { recursive: true });
      writeFileSync(this.at(path), text);
    }
    cpSync(this.at('scripts/recipe/cases.ts'), this.at('scripts/recipe/cases.test.ts'));
  }

  /** A path in the copy. */
  at(path: string): string {
    return join(this.root, path);
  }

  /** What a tool of node_modules prints in the copy. Throws where it fails. */
  run(tool: string, ...args: string[]): string {
    return execFileSync(process.execPath, [join(ROOT, 'node_modules', tool), ...args], {
      cwd: this.root,
      encoding: 'utf8',
      stdio: 'pipe',
    });
  }

  /** Types and format of what the recipe added. Throws where they are not as the others'. */
  check(): void {
    const sources = this.files.map(({ path }) => path).filter((path) => path.endsWith('.ts'));
    this.run('typescript/bin/tsc');
    this.run('@biomejs/biome/bin/biome', 'check', '--error-on-warnings', ...sources);
  }

  /** Runs the tests whose names match, with `env`: how many passed, and what failed. */
  test(
    pattern: string,
    tests: readonly string[],
    env: Readonly<Record<string, string>>,
  ): { readonly passed: number; readonly failed: readonly string[] } {
    const file = this.at('results.json');
    const tool = join(ROOT, 'node_modules/vitest/vitest.mjs');
    spawnSync(
      process.execPath,
      [tool, 'run', '--reporter=json', `--outputFile=${file}`, '-t', pattern, ...tests],
      { cwd: this.root, env: { ...process.env, ...env } },
    );
    const { numPassedTests, testResults } = JSON.parse(readFileSync(file, 'utf8')) as Results;
    const failed = testResults.flatMap(({ name, message, assertionResults }) => [
      // What failed before the tests of a file.
      ...(message ? [`${name}: ${message}`] : []),
      ...assertionResults
        .filter(({ status }) => status === 'failed')
        .map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages.join('\n')}`),
    ]);
    return { passed: numPassedTests, failed };
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

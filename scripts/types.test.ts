import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { covers } from '../src/catalog/covers.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const TSC = join(root, 'node_modules/typescript/bin/tsc');

/** What tsc says of a file with this text, by the options of the repository. */
function mistakesIn(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'types-'));
  try {
    writeFileSync(join(folder, 'wrong.ts'), text);
    const config = {
      extends: join(root, 'tsconfig.json'),
      compilerOptions: { types: [] },
      include: ['wrong.ts'],
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
    const args = [TSC, '-p', folder, '--pretty', 'false'];
    return spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' }).stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test(
  'types are checked of all suites, and nothing is written',
  covers('tb.utilities.taskspec-signature-errors/tsc-covers-suites').control(
    'a suite turns the check of its types off',
    { file: 'suites/unchecked.suite.ts', text: '// @ts-nocheck\n' },
  ),
  () => {
    const run = (option: string) =>
      execFileSync(process.execPath, [TSC, '-p', root, option], { encoding: 'utf8' });
    const listed = new Set(
      run('--listFilesOnly')
        .split('\n')
        .map((path) => resolve(root, path)),
    );
    const suites = readdirSync(join(root, 'suites'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => join(root, 'suites', file));
    expect(suites.length).toBeGreaterThan(50);
    expect(suites.filter((path) => !listed.has(path))).toEqual([]);
    expect(JSON.parse(run('--showConfig'))).toMatchObject({
      compilerOptions: { noEmit: true, strict: true },
    });
    expect(readFileSync(join(root, 'scripts/test.mjs'), 'utf8')).toContain('typescript/bin/tsc');
    const unchecked = suites.filter((path) => readFileSync(path, 'utf8').includes('@ts-nocheck'));
    expect(unchecked).toEqual([]);
    expect(mistakesIn("export const count: number = 'one';\n")).toMatch(
      /^wrong\.ts\(1,14\): error TS2322:/m,
    );
  },
);

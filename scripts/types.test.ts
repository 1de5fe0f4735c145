import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { covers } from '../src/catalog/covers.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

test(
  'types are checked of all suites, and nothing is written',
  covers('tb.utilities.taskspec-signature-errors/tsc-covers-suites'),
  () => {
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const run = (option: string) =>
      execFileSync(process.execPath, [tsc, '-p', root, option], { encoding: 'utf8' });
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
  },
);

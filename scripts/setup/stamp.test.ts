import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const { sourcesOf } = (await import(new URL('stamp.mjs', import.meta.url).href)) as {
  sourcesOf: (root: string) => string[];
};
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Of what git tracks, what cannot change a build. */
const NO_SOURCE =
  /^(\.|LICENSE$|biome\.json$|knip\.json$|tsconfig\.library\.json$|bench\/|examples\/|bridge\/|public\/plans\/)/;

test.skipIf(!existsSync(join(ROOT, '.git')))(
  'every file that git tracks and the build may read is a source',
  () => {
    const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' })
      .split('\0')
      .filter(Boolean);
    expect(tracked.length).toBeGreaterThan(300);
    const sources = new Set(sourcesOf(ROOT));
    expect(tracked.filter((file) => !NO_SOURCE.test(file) && !sources.has(file))).toEqual([]);
  },
);

test('what a run leaves beside the sources is not a source', () => {
  const root = mkdtempSync(join(tmpdir(), 'gradproof-'));
  try {
    for (const folder of ['src', 'my-adapter', 'dist']) mkdirSync(join(root, folder));
    for (const file of [
      'src/a.ts',
      'package.json',
      'report.json',
      'junit.xml',
      'my-notes.txt',
      'my-adapter/report.json',
      'dist/a.js',
    ]) {
      writeFileSync(join(root, file), '');
    }
    expect(sourcesOf(root)).toEqual(['package.json', 'src/a.ts']);
  } finally {
    rmSync(root, { recursive: true });
  }
});

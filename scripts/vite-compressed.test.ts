import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { build, type Plugin } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compressed } from './vite-compressed.ts';

/** Emits files as late as the service worker comes. */
const late: Plugin = {
  name: 'late',
  enforce: 'post',
  generateBundle: {
    order: 'post',
    handler() {
      this.emitFile({ type: 'asset', fileName: 'sw.js', source: 'const files = [];\n'.repeat(9) });
      this.emitFile({ type: 'asset', fileName: 'corpus.txt', source: 'a text to learn from' });
    },
  },
};

let folder: string;
let out: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gradproof-compressed-'));
  out = join(folder, 'out');
  const files = {
    'index.html': '<!doctype html><script type="module" src="./main.js"></script>',
    'main.js': "import './main.css'; console.log('größer', import('./later.js'));",
    'later.js': 'export const later = 1;',
    'main.css': 'p { color: red }',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  await build({
    root: folder,
    configFile: false,
    logLevel: 'silent',
    plugins: [late, compressed()],
    build: { outDir: out },
  });
});

afterAll(() => rmSync(folder, { recursive: true }));

test('scripts, styles and pages have a compressed twin with their very bytes, and nothing else', () => {
  const files = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /\.\w+$/.test(path),
  );
  const twins = files.filter((path) => path.endsWith('.br'));
  const texts = files.filter((path) => /\.(?:html|js|css)$/.test(path));
  expect(texts.length).toBe(5);
  expect(twins.sort()).toEqual(texts.map((path) => `${path}.br`).sort());
  for (const path of texts)
    expect(brotliDecompressSync(readFileSync(join(out, `${path}.br`)))).toEqual(
      readFileSync(join(out, path)),
    );
});

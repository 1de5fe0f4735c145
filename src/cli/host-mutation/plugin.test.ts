import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'vite';
import { afterEach, expect, test } from 'vitest';
import { mutantSwitch } from '../../harness/worker/host-switch.ts';
import { ANYTHING } from './fixtures/anything.ts';
import { hostMutantsOf } from './host-mutants.ts';
import { hostMutation } from './plugin.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const FILE = 'src/tensor/shape.ts';

afterEach(() => {
  mutantSwitch().active = -1;
});

test('a build holds the mutants of the files that it imports, and runs without them', async () => {
  const mutants = hostMutantsOf(FILE, readFileSync(join(root, FILE), 'utf8'), ANYTHING);
  const index = mutants.findIndex(({ operator, line }) => operator === 'arithmetic' && line === 6);
  const outDir = mkdtempSync(join(tmpdir(), 'host-mutation-'));
  try {
    await build({
      configFile: false,
      root,
      logLevel: 'error',
      plugins: [hostMutation(root, mutants)],
      build: { ssr: 'src/reference/broadcast.ts', outDir, copyPublicDir: false },
    });
    const url = pathToFileURL(join(outDir, 'broadcast.js')).href;
    const built = (await import(/* @vite-ignore */ url)) as {
      sumTo(value: object, shape: readonly number[]): { readonly data: Float64Array };
    };
    const sums = () => built.sumTo({ shape: [2, 3], data: Float64Array.of(1, 2, 3, 4, 5, 6) }, [3]);
    expect([...sums().data]).toEqual([5, 7, 9]);
    mutantSwitch().active = index; // product / n in sizeOf
    expect(sums().data).toHaveLength(0);
  } finally {
    rmSync(outDir, { recursive: true });
  }
});

test('a source that is read as text stays as it is', async () => {
  const source = readFileSync(join(root, FILE), 'utf8');
  const outDir = mkdtempSync(join(tmpdir(), 'host-mutation-'));
  const entry = {
    name: 'entry',
    resolveId: (id: string) => (id === 'reads-text' ? '\0reads-text' : undefined),
    load: (id: string) =>
      id === '\0reads-text' ? `export { default as text } from '/${FILE}?raw';` : undefined,
  };
  try {
    await build({
      configFile: false,
      root,
      logLevel: 'error',
      plugins: [hostMutation(root, hostMutantsOf(FILE, source, ANYTHING)), entry],
      build: {
        ssr: true,
        outDir,
        copyPublicDir: false,
        rolldownOptions: { input: 'reads-text', output: { entryFileNames: 'text.js' } },
      },
    });
    const url = pathToFileURL(join(outDir, 'text.js')).href;
    expect(await import(/* @vite-ignore */ url)).toMatchObject({ text: source });
  } finally {
    rmSync(outDir, { recursive: true });
  }
});

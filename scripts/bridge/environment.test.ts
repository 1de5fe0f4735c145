import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

const { ensureBridge } = (await import(new URL('environment.mjs', import.meta.url).href)) as {
  ensureBridge: (root: string, kind: 'minimal' | 'full') => Promise<void>;
};
const root = fileURLToPath(new URL('../..', import.meta.url));
const INSTALL = 'install Python 3.10 to 3.13 from your system or python.org';
/** Programs that as uv find no Python and fetch none: node, and uv itself where it is installed. */
const UV: readonly (readonly [name: string, program: string])[] = [
  ['node', process.execPath],
  ...installedUv(),
];

let checkout: string;
beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), 'gradproof-'));
  mkdirSync(join(checkout, 'bin'));
  for (const file of ['pyproject.toml', 'uv.lock'])
    cpSync(join(root, 'bridge', file), join(checkout, 'bridge', file));
  // A Python that the machine's variables or files of settings name would be found.
  for (const name of Object.keys(process.env)) vi.stubEnv(name, undefined);
  vi.stubEnv('PATH', join(checkout, 'bin'));
  vi.stubEnv('HOME', checkout);
  vi.stubEnv('UV_NO_CONFIG', '1');
  vi.stubEnv('UV_OFFLINE', '1');
  vi.stubEnv('UV_PYTHON_INSTALL_DIR', join(checkout, 'pythons'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(checkout, { recursive: true });
});

test('without a Python and without uv, one line says what to install', async () => {
  await expect(ensureBridge(checkout, 'minimal')).rejects.toThrow(
    `the bridge finds no Python that it can use: ${INSTALL}, or install uv`,
  );
});

test.each(UV)('where uv (%s) finds no Python and fetches none, one line says so', async (_, uv) => {
  symlinkSync(uv, join(checkout, 'bin/uv'));
  await expect(ensureBridge(checkout, 'minimal')).rejects.toThrow(
    `the bridge finds no Python that it can use, and uv could not fetch one: ${INSTALL}`,
  );
  expect(names(join(checkout, 'bridge'))).toEqual(['pyproject.toml', 'uv.lock']);
});

function installedUv(): typeof UV {
  const folders = [join(root, '.cache/uv/bin'), ...(process.env['PATH'] ?? '').split(delimiter)];
  const folder = folders.find((one) => one !== '' && names(one).includes('uv'));
  return folder === undefined ? [] : [['uv', join(folder, 'uv')]];
}

function names(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

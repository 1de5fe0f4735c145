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
const uv = [join(root, '.cache/uv/bin'), ...(process.env['PATH'] ?? '').split(delimiter)].find(
  (folder) => folder !== '' && names(folder).includes('uv'),
);

let checkout: string;
beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), 'gradproof-'));
  mkdirSync(join(checkout, 'bin'));
  for (const file of ['pyproject.toml', 'uv.lock']) cpSync(join(root, 'bridge', file), join(checkout, 'bridge', file));
  vi.stubEnv('PATH', join(checkout, 'bin'));
  vi.stubEnv('UV_OFFLINE', '1');
  vi.stubEnv('UV_PYTHON_INSTALL_DIR', join(checkout, 'pythons'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(checkout, { recursive: true });
});

test('without a Python and without uv, one line says what to install', async () => {
  await expect(ensureBridge(checkout, 'minimal')).rejects.toThrow(`the bridge finds no Python that it can use: ${INSTALL}, or install uv`);
});

test.skipIf(!uv)('where uv finds no Python and can fetch none, one line says what to install', async () => {
  symlinkSync(join(String(uv), 'uv'), join(checkout, 'bin/uv'));
  await expect(ensureBridge(checkout, 'minimal')).rejects.toThrow(
    `the bridge finds no Python that it can use, and uv could not fetch one: ${INSTALL}`,
  );
  expect(names(join(checkout, 'bridge'))).toEqual(['pyproject.toml', 'uv.lock']);
});

function names(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

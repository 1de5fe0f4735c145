import { createHash } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

const { bridgeEnvironment, ensureBridge } = (await import(
  new URL('environment.mjs', import.meta.url).href
)) as {
  bridgeEnvironment: (root: string) => string | undefined;
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
  vi.restoreAllMocks();
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

/** An environment as uv makes it, whose programs begin so. */
function environment(start: (python: string) => string): void {
  const venv = join(checkout, 'bridge/.venv');
  mkdirSync(join(venv, 'bin'), { recursive: true });
  symlinkSync(process.execPath, join(venv, 'bin/python'));
  writeFileSync(join(venv, 'bin/gradproof-bridge'), start(join(venv, 'bin/python')));
  const lock = createHash('sha256').update(readFileSync(join(checkout, 'bridge/uv.lock')));
  writeFileSync(
    join(venv, 'gradproof.json'),
    JSON.stringify({ kind: 'full', lock: lock.digest('hex') }),
  );
}

test.skipIf(process.platform === 'win32').each([
  ['in the first line', (python: string) => `#!${python}\nimport sys\n`],
  ['in the second', (python: string) => `#!/bin/sh\n'''exec' '${python}' "$0" "$@"\n`],
])(
  'an environment whose programs run the Python of another folder, %s, is not ready',
  async (_, start) => {
    environment(start);
    expect(bridgeEnvironment(checkout)).toBe('full');
    const linked = join(checkout, 'linked');
    const copied = join(checkout, 'copied');
    mkdirSync(linked);
    symlinkSync(join(checkout, 'bridge'), join(linked, 'bridge'));
    cpSync(join(checkout, 'bridge'), join(copied, 'bridge'), { recursive: true });
    expect(bridgeEnvironment(linked), 'another way to the same').toBe('full');
    expect(bridgeEnvironment(copied)).toBeUndefined();
    const told = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    await expect(ensureBridge(copied, 'full')).rejects.toThrow();
    expect(told.mock.calls.flat().join('')).toContain(
      `the bridge's environment was copied here, and runs ${join(checkout, 'bridge/.venv/bin/python')}`,
    );
  },
);

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

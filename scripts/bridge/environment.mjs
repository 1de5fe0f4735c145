import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runStep } from '../setup/run.mjs';
import { interrupted, SetupError, say } from '../setup/step.mjs';

/**
 * What `uv sync` installs: `minimal` in seconds (numpy, safetensors, MLX on the CPU), `full` all
 * libraries (some 6 GB).
 */
const EXTRAS = { minimal: 'mlx', full: 'full' };
const UV_VERSION = '0.13.8';
/** Whom uv can be asked from; the system's own may be too old while a newer one lies beside it. */
const PYTHONS = ['python3', 'python', 'python3.13', 'python3.12', 'python3.11', 'python3.10'];
const INSTALL_PYTHON = 'install Python 3.10 to 3.13 from your system or python.org';
const WINDOWS = process.platform === 'win32';
const BIN = WINDOWS ? 'Scripts' : 'bin';

/** A program of the bridge's environment. @param {string} root @param {string} name */
export function bridgeProgram(root, name) {
  return join(root, 'bridge/.venv', BIN, WINDOWS ? `${name}.exe` : name);
}

/**
 * Which environment is there, of this folder, and fits the lockfile, `undefined` where none does.
 * @param {string} root
 * @returns {'minimal' | 'full' | undefined}
 */
export function bridgeEnvironment(root) {
  try {
    const { kind, lock } = JSON.parse(readFileSync(stampFile(root), 'utf8'));
    const isThere = existsSync(bridgeProgram(root, 'python')) && foreignPython(root) === undefined;
    return lock === lockOf(root) && isThere ? kind : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The Python of another folder that the programs of the environment run, as where it was copied;
 * `undefined` where they run their own.
 * @param {string} root
 * @returns {string | undefined}
 */
function foreignPython(root) {
  const program = bridgeProgram(root, 'gradproof-bridge');
  if (!existsSync(program)) return undefined;
  // A path that is too long for the first line stands in the second.
  const text = readFileSync(program, 'utf8');
  const python = /(?:^|\n)(?:#!|'''exec' ')([^\n'"]*\/python[\d.]*)/.exec(text)?.[1];
  if (python === undefined) return undefined;
  return placeOf(dirname(python)) === placeOf(dirname(program)) ? undefined : python;
}

/** A folder however its path is spelt. @param {string} folder */
function placeOf(folder) {
  try {
    return realpathSync(folder);
  } catch {
    return undefined;
  }
}

/**
 * Makes bridge/.venv from the lockfile; a full one serves for a minimal one too. Throws SetupError
 * with what to do.
 * @param {string} root
 * @param {'minimal' | 'full'} kind
 */
export async function ensureBridge(root, kind) {
  const there = bridgeEnvironment(root);
  if (there === kind || there === 'full') return;
  const foreign = foreignPython(root);
  if (foreign !== undefined)
    say(`the bridge's environment was copied here, and runs ${foreign}: it is made anew`);
  say(`making the Python environment of the bridge (${kind})`);
  const uv = await ensureUv(root);
  await ensurePython(root, uv);
  rmSync(stampFile(root), { force: true });
  await runStep(
    'making the Python environment',
    [
      ...[uv, 'sync', '--locked', '--quiet', '--compile-bytecode', '--extra', EXTRAS[kind]],
      ...(foreign === undefined ? [] : ['--reinstall']),
    ],
    {
      cwd: join(root, 'bridge'),
      quiet: true,
    },
  );
  writeFileSync(stampFile(root), JSON.stringify({ kind, lock: lockOf(root) }));
}

/**
 * uv where it is installed, else one of our own from PyPI, kept in .cache.
 * @param {string} root
 * @returns {Promise<string>}
 */
async function ensureUv(root) {
  if (spawnSync('uv', ['--version']).status === 0) return 'uv';
  const folder = join(root, '.cache/uv');
  const uv = join(folder, BIN, WINDOWS ? 'uv.exe' : 'uv');
  if (existsSync(uv)) return uv;
  mkdirSync(join(root, '.cache'), { recursive: true });
  const python = PYTHONS.find(
    (name) =>
      spawnSync(name, ['-c', 'import venv, sys; sys.exit(sys.version_info < (3, 10))']).status ===
      0,
  );
  if (!python)
    throw new SetupError(
      `the bridge finds no Python that it can use: ${INSTALL_PYTHON}, or install uv`,
    );
  await runStep('making a place for uv', [python, '-m', 'venv', '--clear', folder], {
    cwd: root,
    quiet: true,
  });
  const pip = [
    join(folder, BIN, WINDOWS ? 'python.exe' : 'python'),
    '-m',
    'pip',
    'install',
    '--quiet',
    `uv==${UV_VERSION}`,
  ];
  await runStep('installing uv', pip, { cwd: root, quiet: true });
  return uv;
}

/**
 * Lets uv fetch a Python where none is here that pyproject.toml allows.
 * @param {string} root
 * @param {string} uv
 */
async function ensurePython(root, uv) {
  const cwd = join(root, 'bridge');
  if (spawnSync(uv, ['python', 'find', '--quiet'], { cwd }).status === 0) return;
  say('no Python 3.10 to 3.13 is here: uv fetches one');
  try {
    await runStep('fetching Python', [uv, 'python', 'install', '--quiet', '3.13'], {
      cwd,
      quiet: true,
    });
  } catch (error) {
    if (interrupted.aborted) throw error;
    throw new SetupError(
      `the bridge finds no Python that it can use, and uv could not fetch one: ${INSTALL_PYTHON}`,
    );
  }
}

/** @param {string} root */
function stampFile(root) {
  return join(root, 'bridge/.venv/gradproof.json');
}

/** What an environment was made from. @param {string} root */
function lockOf(root) {
  return createHash('sha256')
    .update(readFileSync(join(root, 'bridge/uv.lock')))
    .digest('hex');
}

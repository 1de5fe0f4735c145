// `npm run baseline -- NAME [--runtime node]`: runs the quick tier here, headless, and keeps
// its report as public/baselines/NAME.json.gz with a line in INDEX.json. The adapter is the one
// that the environment gives, as in `VK_DRIVER_FILES=lvp_icd.json npm run baseline -- ...`.
// `--report FILE` keeps a report of the quick tier that was made elsewhere instead.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import { prepare } from './setup/prepare.mjs';
import { runMain, SetupError } from './setup/step.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDER = join(ROOT, 'public/baselines');
const INDEX = join(FOLDER, 'INDEX.json');

/** The name of the baseline, and the options of its run. */
function given() {
  const usage = 'use: npm run baseline -- NAME [--runtime chromium|node | --report FILE]';
  let name;
  let runtime;
  let report;
  try {
    const { positionals, values } = parseArgs({
      allowPositionals: true,
      options: { runtime: { type: 'string' }, report: { type: 'string' } },
    });
    if (positionals.length !== 1) throw new Error('name one baseline');
    [name] = positionals;
    ({ runtime, report } = values);
  } catch (error) {
    throw new SetupError(`${error.message}: ${usage}`);
  }
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))
    throw new SetupError(
      `${name}: name the baseline in small letters, digits and hyphens, such as node-swiftshader`,
    );
  if (runtime !== undefined && !['chromium', 'node'].includes(runtime))
    throw new SetupError(`--runtime ${runtime}: must be chromium or node`);
  if (report !== undefined && runtime !== undefined)
    throw new SetupError(`--report and --runtime: the report says where its run was: ${usage}`);
  return { name, report, args: runtime === undefined ? [] : ['--runtime', runtime] };
}

/**
 * The report of a whole run of the quick tier, made elsewhere, in which nothing is wrong.
 * @param {string} file
 */
function read(file) {
  let report;
  try {
    const bytes = readFileSync(file);
    report = JSON.parse(file.endsWith('.gz') ? gunzipSync(bytes) : bytes);
  } catch (error) {
    throw new SetupError(`--report ${file}: ${error.message}`);
  }
  const { kind, run, summary } = report ?? {};
  const isWhole =
    kind === 'run' && run?.complete && run.tier === 'quick' && run.filters.length === 0;
  if (!isWhole || summary.passed === 0 || summary.passed + summary.skipped !== summary.total)
    throw new SetupError(
      `--report ${file}: only a whole run of the quick tier in which everything is right is a baseline`,
    );
  return report;
}

/**
 * Runs the quick tier and gives its report; a run that is not whole, or in which something is
 * wrong, is no baseline.
 * @param {readonly string[]} args
 */
function run(args) {
  const scratch = mkdtempSync(join(tmpdir(), 'gradproof-baseline-'));
  try {
    const file = join(scratch, 'report.json');
    const command = [join(ROOT, 'scripts/start.mjs'), '--headless', ...args, '--report', file];
    const { status } = spawnSync(process.execPath, command, { cwd: ROOT, stdio: 'inherit' });
    if (status !== 0)
      throw new SetupError(
        `the run ended with status ${status}: only a run in which everything is right is a baseline`,
        status ?? 130,
      );
    return JSON.parse(readFileSync(file, 'utf8'));
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/**
 * Writes the packed report and its line of the index; those of the same name go.
 * @param {string} name
 * @param {readonly string[]} args
 */
function keep(name, args, { results, ...head }) {
  const file = `${name}.json.gz`;
  const packed = gzipSync(JSON.stringify({ ...head, results }), { level: 9 });
  const sha256 = createHash('sha256').update(packed).digest('hex');
  const entry = {
    name,
    file,
    bytes: packed.length,
    sha256,
    command: ['npm run baseline --', name, ...args].join(' '),
    head,
  };
  const { baselines } = existsSync(INDEX)
    ? JSON.parse(readFileSync(INDEX, 'utf8'))
    : { baselines: [] };
  const others = baselines.filter((other) => other.name !== name);
  const sorted = [...others, entry].sort((a, b) => (a.name < b.name ? -1 : 1));
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, file), packed);
  writeFileSync(
    INDEX,
    `${JSON.stringify({ schema: 'gradproof-baselines/1', baselines: sorted }, null, 1)}\n`,
  );
}

await runMain(async () => {
  const { name, args, report } = given();
  if (report !== undefined) {
    const kept = read(report);
    // As the same run would be made there.
    return keep(name, kept.environments[0]?.runtime === 'node' ? ['--runtime', 'node'] : [], kept);
  }
  await prepare(ROOT);
  keep(name, args, run(args));
});

// `npm run scaling -- --model FOLDER --data FILE --config FILE ...`: fine-tunes with these options by
// 1, 2 and 4 workers in turns, and tells how much faster several are than one, and what each takes of
// memory beside what was forecast. The settings say how: gradient_accumulation_steps 4 or a multiple.
// With `--json FILE` it writes there what scripts/speed-page.mjs takes.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { scalingLines, scalingRows } from './scaling/scaling-rows.mjs';
import { whyUseless } from './scaling/why-useless.mjs';
import { prepare } from './setup/prepare.mjs';
import { runMain, SetupError } from './setup/step.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const WORKERS = [1, 2, 4];
const ROUNDS = 3;
const STEPS = 6;

await runMain(async () => {
  await prepare(root);
  const { file, given } = withoutFile(process.argv.slice(2));
  const sharded = given.includes('--sharding');
  const place = mkdtempSync(join(tmpdir(), 'gradproof-scaling-'));
  try {
    const runs = [];
    for (let round = 0; round < ROUNDS; round++)
      for (const workers of WORKERS) {
        const out = join(place, `${round}-${workers}`);
        const shared = [
          '--workers',
          String(workers),
          ...(sharded ? [] : ['--sharding', 'full_shard']),
        ];
        runs.push({ workers, ...run(given, workers, out, workers > 1 ? shared : []) });
      }
    const cores = availableParallelism();
    const rows = scalingRows(runs);
    for (const line of scalingLines(rows, cores)) console.log(line);
    if (file) writeFileSync(file, `${JSON.stringify({ command: given.join(' '), cores, rows })}\n`);
  } finally {
    rmSync(place, { recursive: true });
  }
});

/** The steps of a fine-tuning, and what it was to take of memory. */
function run(given, workers, out, shared) {
  const options = shared.length > 0 ? given : withoutSharding(given);
  const start = fileURLToPath(new URL('start.mjs', import.meta.url));
  const args = [start, 'train', ...options, '--steps', `${STEPS}`, '--out', out, ...shared];
  const ended = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  const why = whyUseless(workers, ended);
  if (why !== undefined) throw new SetupError(why);
  const log = readFileSync(join(out, 'log.jsonl'), 'utf8').trim().split('\n');
  const steps = log.map((line) => JSON.parse(line)).filter(({ ms }) => ms !== undefined);
  if (steps.length < STEPS) throw new SetupError(`the run ended after ${steps.length} steps`, 1);
  const report = JSON.parse(readFileSync(join(out, 'report.json'), 'utf8'));
  return { steps, forecast: report.results[0].metrics.bytesForecast };
}

/** What `--json` names, and the other options. */
function withoutFile(given) {
  const at = given.indexOf('--json');
  if (at < 0) return { given };
  const file = given[at + 1];
  if (!file) throw new SetupError('--json: give a file');
  return { file, given: given.toSpliced(at, 2) };
}

/** One worker has nothing to share. */
function withoutSharding(given) {
  const at = given.indexOf('--sharding');
  return at < 0 ? given : given.toSpliced(at, 2);
}

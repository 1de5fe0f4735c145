import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gradproof } from './gradproof.ts';
import { expect, test } from './scratch.ts';
import { logIn, SETTINGS, tinyModel } from './tiny-model.ts';

const runOf = (folder: string, steps: number) => [
  ...tinyModel(folder, { ...SETTINGS, judge_steps: 0 }),
  ...['--type', 'lora', '--steps', `${steps}`, '--checkpoint-every', '3'],
];

/**
 * Calls the command line, whose files, but not those of its workers, cannot grow from when it said
 * `full` until it said `room`, as on a disk that is full: drivers of software map files of their own.
 */
async function gradproofWhere(args: readonly string[], full: RegExp, room?: RegExp) {
  let isFull = false;
  let isOver = false;
  const ended = await gradproof(args, {
    through: ['bash', '-c', 'echo "I am $$"; exec "$@"', 'bash'],
    onOutput: (said) => {
      const own = /^I am (\d+)/m.exec(said)?.[1];
      const limitTo = (bytes: string) =>
        void execFileSync('prlimit', [`--pid=${own}`, `--fsize=${bytes}:`]);
      if (!isFull && full.test(said)) {
        isFull = true;
        limitTo('0');
      }
      if (isFull && !isOver && room?.test(said)) {
        isOver = true;
        limitTo('unlimited');
      }
    },
  });
  expect([isFull, isOver]).toEqual([true, room !== undefined]);
  return ended;
}
const canLimit = existsSync('/usr/bin/prlimit');
const WHY = 'only prlimit of Linux limits the files of a process that runs';

/** When the worker is there that trains. */
const BEGUN = /^forecast/m;
const TOO_LARGE = 'it is larger than a file may be there';

/** The steps that the log of a run tells. */
const stepsIn = (out: string) =>
  logIn(out)
    .filter(({ loss }) => loss !== undefined)
    .map(({ step }) => step);
const first = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

/** A line of stderr, and nothing else there. */
const line = (words: string) => expect.stringMatching(new RegExp(`^gradproof: ${words}\n$`));

test('what is said to a disk that is full ends nothing, and is told once', async () => {
  test.skip(!existsSync('/dev/full'), 'only Linux has /dev/full');
  const through = ['bash', '-c', 'exec "$@" > /dev/full', 'bash'];
  const { status, stdout, stderr } = await gradproof(['--help'], { through });
  expect([status, stdout, stderr]).toEqual([
    ...[2, '', line('stdout: cannot be written: the disk is full')],
  ]);
});

test('on a disk that is full a run goes on, says so once, and can be gone on with', {
  tag: '@full',
}, async ({ folder }) => {
  test.skip(!canLimit, WHY);
  const out = join(folder, 'out');
  const full = await gradproofWhere([...runOf(folder, 12), '--out', out], BEGUN);
  expect(full.status).toBe(2);
  expect(full.stdout.match(/log\.jsonl: cannot be written: .*/g)).toEqual([
    `log.jsonl: cannot be written: ${TOO_LARGE}: the run goes on, and keeps its lines until they can be`,
  ]);
  expect(full.stdout).toContain('Fine-tuned in 12 steps.');
  expect(full.stdout).toContain(`Go on with: npm start -- train --resume ${out}`);
  const lacking = ['adapter_config.json', 'adapter_model.safetensors', 'report.json'];
  expect(full.stderr.trim().split('\n').sort()).toEqual(
    lacking.map((name) => `gradproof: --out ${join(out, name)}: cannot be written: ${TOO_LARGE}`),
  );
  // Nothing is there in part.
  expect(readdirSync(out)).toEqual(['checkpoints']);
  const kept = readdirSync(join(out, 'checkpoints')).sort();
  expect(kept.at(0)).toBe('run.json');

  const through = ['bash', '-c', 'ulimit -S -f 0; exec "$@"', 'bash'];
  const none = await gradproof(['train', '--resume', out], { through });
  expect([none.status, none.stdout, none.stderr]).toEqual([
    ...[2, '', line(`--resume ${out}: no checkpoints can be kept there: ${TOO_LARGE}`)],
  ]);
  expect(readdirSync(join(out, 'checkpoints')).sort()).toEqual(kept);

  const resumed = await gradproof(['train', '--resume', out]);
  expect([resumed.status, resumed.stderr]).toEqual([0, '']);
  expect(stepsIn(out)).toEqual(first(12));
  expect(readdirSync(out).sort()).toEqual([...lacking, 'checkpoints', 'log.jsonl'].sort());
});

test('a log that had no room is whole when there is some', { tag: '@full' }, async ({ folder }) => {
  test.skip(!canLimit, WHY);
  const out = join(folder, 'out');
  const args = [...runOf(folder, 20), '--out', out];
  const { status, stderr } = await gradproofWhere(args, BEGUN, /log\.jsonl: cannot be written/);
  expect([status, stderr]).toEqual([0, '']);
  expect(stepsIn(out)).toEqual(first(20));
});

test('a file system without hard links takes a run', { tag: '@full' }, async ({ folder }) => {
  const through = ['strace', '-f', '-qq', '-o', join(folder, 'calls.txt')];
  through.push('--seccomp-bpf', '-e', 'trace=link,linkat', '-e', 'inject=link,linkat:error=EPERM');
  const probe = join(folder, 'probe');
  writeFileSync(probe, '');
  let refuses = false;
  try {
    execFileSync(through[0] as string, [...through.slice(1), 'ln', probe, `${probe}-2`]);
  } catch {
    refuses = existsSync(join(folder, 'calls.txt'));
  }
  test.skip(!refuses, 'only strace has the system refuse hard links as exFAT does');
  const out = join(folder, 'out');
  const { status, stderr } = await gradproof([...runOf(folder, 6), '--out', out], { through });
  expect([status, stderr]).toEqual([0, '']);
  expect(readdirSync(join(out, 'checkpoints'))).toContain('step-00000006.safetensors');
});

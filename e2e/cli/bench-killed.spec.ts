import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONTENDERS } from '../../src/bench/contender.ts';
import { readReport } from '../../src/report/read.ts';
import { descendants, kill } from '../processes.ts';
import { gradproof } from './gradproof.ts';
import { expect, test } from './scratch.ts';

test.skip(process.platform === 'win32', 'there is no ps to find the processes with');

const WORKS = ['--filter', 'bench.ceiling:*', '--filter', 'bench.relu*'];
const GPU_PROCESS = /--type=gpu-process/;
/** From then on the first works are done, and others are not. */
const SOME_DONE_MS = 6_000;

/** Times in `runtime` and kills what matches, once or from then on; its report, too. */
async function benched(
  folder: string,
  runtime: string,
  victims: RegExp,
  { forGood = false, peers = 'none' }: { readonly forGood?: boolean; readonly peers?: string } = {},
) {
  const file = join(folder, 'bench.json');
  let killed = 0;
  let startedAt = 0;
  let watch: NodeJS.Timeout | undefined;
  const strike = () => {
    if (performance.now() - startedAt < SOME_DONE_MS || (killed > 0 && !forGood)) return;
    for (const pid of descendants(victims)) killed += Number(kill(pid, 'SIGKILL'));
  };
  const args = ['bench', '--runtime', runtime, '--peers', peers, ...WORKS, '--report', file];
  const { status, stdout, stderr } = await gradproof(args, {
    onOutput: (told) => {
      if (watch || !/^\d+ works for /m.test(told)) return;
      startedAt = performance.now();
      watch = setInterval(strike, 100);
    },
  }).finally(() => clearInterval(watch));
  expect([killed > 0, stderr]).toEqual([true, '']);
  const all = Number(/^(\d+) works for /m.exec(stdout)?.[1]);
  const { run, results } = readReport(readFileSync(file), file);
  return { status, stdout, all, complete: run.complete, results };
}

test('a bench whose GPU process is killed goes on with the next work on other devices', {
  tag: '@full',
}, async ({ folder }) => {
  const { status, stdout, all, complete, results } = await benched(
    folder,
    'chromium',
    GPU_PROCESS,
    { peers: 'ort,tfjs,jax' },
  );
  expect([status, complete]).toEqual([1, true]);
  expect(new Set(results.map(({ id }) => id)).size).toBe(all);
  const lost = results.filter(({ status: verdict }) => verdict === 'lost');
  expect(new Set(lost.map(({ id }) => id)).size).toBe(1);
  expect(new Set(lost.map(({ error }) => error?.code))).toEqual(new Set(['device-lost']));
  const rest = results.filter(({ status: verdict }) => verdict !== 'lost');
  for (const { id, status: verdict } of rest) expect(['pass', 'skip'], id).toContain(verdict);
  const timed = results.filter(({ id, timing }) => timing && id.startsWith('bench.relu6:'));
  expect(new Set(timed.map(({ backend }) => backend))).toEqual(new Set(CONTENDERS));
  expect(stdout).toMatch(/^lost +bench\..*the GPU device was lost/m);
  expect(stdout, 'the last work is in the table').toMatch(/^relu6:\S+ +[\d.]+ +[\d.]+ .*%$/m);
});

for (const [name, runtime, victims, forGood, why] of [
  [
    'GPU processes are killed for good',
    'chromium',
    GPU_PROCESS,
    true,
    /no other device can be had/,
  ],
  ['tab is killed', 'chromium', /--type=renderer/, false, /^the browser or its tab ended/m],
  ['process is killed', 'node', /bench-worker\.js/, false, /was timing ended with SIGKILL$/m],
] as const) {
  test(`a bench whose ${name} ends with what it timed`, { tag: '@full' }, async ({ folder }) => {
    const { status, stdout, all, complete, results } = await benched(folder, runtime, victims, {
      forGood,
    });
    expect([status, complete]).toEqual([3, false]);
    expect(stdout).toMatch(why);
    expect(stdout).toMatch(/^ceiling:multiply-adds +[\d.]+/m);
    expect(results.some(({ timing }) => timing)).toBe(true);
    expect(new Set(results.map(({ id }) => id)).size).toBeLessThan(all);
  });
}

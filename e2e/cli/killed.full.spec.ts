import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readReport } from '../../src/report/read.ts';
import { descendants, kill } from '../processes.ts';
import { gradproof } from './gradproof.ts';
import { expect, test } from './scratch.ts';
import { logIn, tinyModel } from './tiny-model.ts';

test.skip(process.platform === 'win32', 'there is no ps to find the processes with');

const VICTIMS = [
  ['the GPU process', 'chromium', /--type=gpu-process/],
  ['every tab', 'chromium', /--type=renderer/],
  ['every worker', 'node', /node-worker\.js/],
] as const;

for (const [name, runtime, pattern] of VICTIMS) {
  test(`${name} of a run in ${runtime} is killed as soon as it is there, and nothing is lost`, async ({
    folder,
  }) => {
    const file = join(folder, 'report.json');
    const ended = gradproof(['--runtime', runtime, '--filter', 'ops.nn.silu*', '--report', file]);
    let killed = 0;
    const watch = setInterval(() => {
      for (const pid of killed === 0 ? descendants(pattern) : [])
        killed += Number(kill(pid, 'SIGKILL'));
    }, 20);
    const { status, stderr } = await ended.finally(() => clearInterval(watch));
    expect([status, stderr]).toEqual([0, '']);
    expect(killed).toBeGreaterThan(0);
    const { run, summary } = readReport(readFileSync(file), 'report.json');
    expect([run.complete, summary.passed]).toEqual([true, summary.total]);
  });

  test(`${name} of a run in ${runtime} is killed, twice, and every verdict is as it was`, async ({
    folder,
  }) => {
    const file = join(folder, 'report.json');
    let killed = 0;
    let linesBefore = 0;
    const { status, stderr } = await gradproof(
      ['--runtime', runtime, '--verbose', '--filter', 'ops.nn.*', '--report', file],
      {
        onOutput: (stdout) => {
          const lines = stdout.match(/^pass /gm)?.length ?? 0;
          if (killed === 2 || lines < linesBefore + 10) return;
          [killed, linesBefore] = [killed + 1, lines];
          for (const pid of descendants(pattern)) kill(pid, 'SIGKILL');
        },
      },
    );
    expect([status, stderr, killed]).toEqual([0, '', 2]);
    const { run, summary, results } = readReport(readFileSync(file), 'report.json');
    expect(run.complete).toBe(true);
    expect(summary.passed).toBe(summary.total);
    expect(results.filter(({ finding }) => finding !== undefined)).toEqual([]);
  });
}

for (const [name, pattern] of [
  ['The GPU process of the second browser', /--type=gpu-process/],
  ['The second browser', /^(?!.* --type=).*--remote-debugging-pipe/],
] as const) {
  test(`${name} is killed, twice, and every verdict is as it was`, async ({ folder }) => {
    const file = join(folder, 'report.json');
    const seen = new Set<number>();
    let killed = 0;
    let linesBefore = 0;
    const { status, stderr } = await gradproof(
      ['--verbose', '--filter', 'ops.math.*', '--filter', 'ops.nn.*', '--report', file],
      {
        onOutput: (stdout) => {
          const lines = stdout.match(/^pass /gm)?.length ?? 0;
          // By then its worker is ready: one that never was is not started again.
          if (killed === 2 || lines < linesBefore + 200) return;
          const pids = descendants(pattern);
          if (pids.length < 2) return;
          // A fork that is about to become another process looks alike, and is soon gone.
          const fresh = pids.filter((pid) => !seen.has(pid));
          if (fresh.findLast((pid) => kill(pid, 'SIGKILL')) === undefined) return;
          for (const pid of pids) seen.add(pid);
          [killed, linesBefore] = [killed + 1, lines];
        },
      },
    );
    expect([status, stderr, killed]).toEqual([0, '', 2]);
    const { run, summary, results } = readReport(readFileSync(file), 'report.json');
    expect([run.complete, summary.passed]).toEqual([true, summary.total]);
    expect(results.filter(({ finding }) => finding !== undefined)).toEqual([]);
  });
}

test('every worker of a fine-tuning is killed, and another goes on bit by bit', async ({
  folder,
}) => {
  const args = [...tinyModel(folder), '--type', 'lora', '--steps', '30'];
  const whole = join(folder, 'whole');
  const out = join(folder, 'out');
  expect((await gradproof([...args, '--out', whole])).status).toBe(0);
  let killed = 0;
  const { status, stdout, stderr } = await gradproof(
    [...args, '--checkpoint-every', '3', '--out', out],
    {
      onOutput: (said) => {
        if (killed > 0 || !/^step 20:/m.test(said)) return;
        for (const pid of descendants(/node-worker\.js/)) killed += Number(kill(pid, 'SIGKILL'));
      },
    },
  );
  expect([status, stderr, killed > 0]).toEqual([0, '', true]);
  expect(stdout).toMatch(/^step \d+: the worker .*: another worker goes on$/m);
  expect(stdout).toMatch(/^it goes on after step (18|21|24|27|30)$/m);
  const adapterIn = (place: string) => readFileSync(join(place, 'adapter_model.safetensors'));
  expect(adapterIn(out)).toEqual(adapterIn(whole));
  const steps = logIn(out).flatMap(({ step, loss }) => (loss === undefined ? [] : [step]));
  expect(steps).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
});

test('a training whose tab is killed leaves a report with its curves', async ({ folder }) => {
  let killed = 0;
  const { status, stdout, stderr } = await gradproof(
    ['train', '--steps', '100000', '--out', folder],
    {
      onOutput: (told) => {
        if (killed > 0 || !/^step 25:/m.test(told)) return;
        for (const pid of descendants(/--type=renderer/)) killed += Number(kill(pid, 'SIGKILL'));
      },
    },
  );
  expect([status, stderr]).toEqual([1, '']);
  expect(stdout).toMatch(
    /^No: this run could not be finished\.\nThe browser or its tab ended after step \d+\.$/m,
  );
  const { run, results } = readReport(readFileSync(join(folder, 'report.json')), 'report.json');
  expect([run.complete, results.map(({ status: verdict, fault }) => [verdict, fault])]).toEqual([
    true,
    [['lost', 'environment']],
  ]);
  expect(results[0]?.series?.['loss']?.length).toBeGreaterThanOrEqual(25);
  expect(readdirSync(folder)).toEqual(['report.json']);
});

test('a page that is frozen for good does not outlive the deadline, and what it told before is kept', async ({
  folder,
}) => {
  const file = join(folder, 'report.json');
  let frozen: readonly number[] = [];
  let thaw: NodeJS.Timeout | undefined;
  const { status, stderr } = await gradproof(
    ['--filter', 'ops.nn.*', '--verbose', '--report', file, '--deadline', '15000'],
    {
      onOutput: (stdout) => {
        if (frozen.length > 0 || !/^pass /m.test(stdout)) return;
        frozen = descendants(/--type=renderer/);
        for (const pid of frozen) kill(pid, 'SIGSTOP');
        // Long after all sides should have given up waiting; the browser ends faster then.
        thaw = setTimeout(() => {
          for (const pid of frozen) kill(pid, 'SIGCONT');
        }, 28_000);
      },
    },
  );
  clearTimeout(thaw);
  expect([status, stderr]).toEqual([1, '']);
  const { run, summary, results } = readReport(readFileSync(file), 'report.json');
  expect(run.complete).toBe(true);
  expect(summary.passed).toBeGreaterThan(0);
  expect(summary.lost).toBeGreaterThan(0);
  const rest = results.filter(({ status: verdict }) => verdict !== 'pass');
  expect(new Set(rest.map(({ error }) => error?.code))).toEqual(new Set(['run-deadline']));
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { covers } from '../../src/catalog/covers.ts';
import { serve } from '../../src/cli/model-address/fixtures/model-server.ts';
import { runSink } from '../../src/harness/tuning/fixtures/run-sink.ts';
import { readTrace } from '../../suites/train/chrome-trace.ts';
import { gradproof } from './gradproof.ts';
import { expect, test } from './scratch.ts';
import { logIn, SETTINGS, tinyModel } from './tiny-model.ts';

/** No one listens there: it belongs to no service, and takes a privilege. */
const NOBODY = 'http://127.0.0.1:1';

/** No step is judged, which takes most of a short run. */
const QUICK = { ...SETTINGS, judge_steps: 0 };

test('leaves a Chrome trace of every step', {
  ...covers('fsdp.training.profile-trace/trace-schema').control('the steps are not timed', {
    file: 'src/harness/worker/job-profile.ts',
    from: 'await train(profile);',
    to: 'await train(undefined);',
  }),
  tag: '@full',
}, async ({ folder }) => {
  const profile = join(folder, 'profile.json');
  const args = [...tinyModel(folder, QUICK), '--type', 'lora', '--steps', '20'];
  const { status, stdout, stderr } = await gradproof([...args, '--profile', profile]);
  expect([status, stderr]).toEqual([0, '']);
  const { faults, steps, events, quantumNs } = readTrace(readFileSync(profile));
  expect(faults).toEqual([]);
  expect(steps.map(({ name }) => name)).toEqual(
    Array.from({ length: 20 }, (_, i) => `step ${i + 1}`),
  );
  expect(events.length).toBeGreaterThan(20 * 50);
  expect(events.some(({ args: { kernel } }) => kernel.startsWith('matmul/'))).toBe(true);
  expect(quantumNs).toBeGreaterThan(0);
  expect(stdout).toContain(
    `In ${profile}: ${events.length} dispatches of 20 steps, for https://ui.perfetto.dev`,
  );
});

/** What a run left, but for times. */
function leftIn(out: string) {
  const timeless = logIn(out).map(({ ms: _, tokens_per_second: __, ...row }) => row);
  return {
    files: readdirSync(out).sort(),
    weights: readFileSync(join(out, 'adapter_model.safetensors')).toString('base64'),
    log: timeless,
  };
}

test('a log that is sent changes no bit of what is trained, whether a sink is there or not', {
  ...covers('fsdp.production.wandb-module-spec/disabled-bit-equal').control(
    'a run that is sent draws by another seed',
    {
      file: 'src/cli/commands/train-model.ts',
      from: '{ ...request, tuned, checkpoints, profile: profile !== undefined }',
      to: '{ ...request, ...(stream && { config: { ...request.config, seed: 1 } }), tuned }',
    },
  ),
  tag: '@full',
}, async ({ folder }) => {
  await using sink = await runSink();
  const args = [...tinyModel(folder, QUICK), '--type', 'lora', '--steps', '20'];
  const ran = async (name: string, more: readonly string[]) => {
    const out = join(folder, name);
    const ended = await gradproof([...args, '--out', out, ...more]);
    expect([ended.status, ended.stderr], name).toEqual([0, '']);
    return { ...leftIn(out), stdout: ended.stdout };
  };
  const off = await ran('off', []);
  const sent = await ran('sent', ['--log-to', sink.url]);
  const lost = await ran('lost', ['--log-to', NOBODY]);
  for (const run of [sent, lost]) {
    expect(run.weights).toBe(off.weights);
    expect(run.log).toEqual(off.log);
  }
  const [[id, run] = ['', undefined]] = sink.runs;
  expect(run?.rows.map(({ _step, _runtime, _timestamp, ...row }) => row)).toEqual(
    logIn(join(folder, 'sent')),
  );
  expect(run).toMatchObject({
    ...{ title: 'lora of model', exitCode: 0 },
    config: { model: { value: 'model' }, steps: { value: 20 }, type: { value: 'lora' } },
  });
  expect(JSON.stringify(run?.config), 'no path is told').not.toContain(folder);
  expect(sent.stdout).toContain(`At ${sink.url}: run ${id}, ${off.log.length} lines of the log`);
});

test('without a sink, or with one that is not there, the log is the file alone', {
  ...covers(
    'fsdp.production.wandb-module-spec/offline-jsonl',
    'tb.recovery.network-failure/dead-sink-jsonl',
  ).control('the file is for runs that are sent', {
    file: 'src/cli/commands/train-model.ts',
    from: 'of log?.add(event) ?? []',
    to: 'of (logTo ? log?.add(event) : []) ?? []',
  }),
  tag: '@full',
}, async ({ folder }) => {
  const args = [...tinyModel(folder, QUICK), '--type', 'lora', '--steps', '20'];
  const files = [
    ...['adapter_config.json', 'adapter_model.safetensors', 'checkpoints'],
    ...['log.jsonl', 'report.json'],
  ];
  await using deaf = await serve((_, response) => void response.writeHead(503).end());
  for (const [i, sink] of [undefined, `${NOBODY}/`, deaf.url].entries()) {
    const more = sink === undefined ? [] : ['--log-to', sink];
    const out = join(folder, `out-${i}`);
    const { status, stdout, stderr } = await gradproof([...args, '--out', out, ...more]);
    expect([status, stderr]).toEqual([0, '']);
    expect(readdirSync(out).sort()).toEqual(files);
    const text = readFileSync(join(out, 'log.jsonl'), 'utf8');
    expect(text.split('\n').filter((line) => line.includes('"loss"'))).toHaveLength(20);
    const said = stdout.split('\n').filter((line) => line.includes('--log-to'));
    if (sink === undefined) expect(said).toEqual([]);
    else {
      expect(said).toEqual([
        expect.stringMatching(
          /^--log-to http:.*: it (cannot be reached \(.*\)|answers with status 503): the run goes on/,
        ),
      ]);
      expect(stdout).toMatch(/^\d+ lines of the log were not sent: .*log\.jsonl has all \d+$/m);
    }
  }
});

test('a log without a place for it on disk, and what has no step, is refused', async ({
  folder,
}) => {
  const args = tinyModel(folder);
  const noOut = await gradproof([...args, '--log-to', NOBODY]);
  expect([noOut.status, noOut.stdout]).toEqual([2, '']);
  expect(noOut.stderr).toContain(
    `--log-to ${NOBODY}: give --out, where the whole log is kept, too`,
  );
  const profile = join(folder, 'profile.json');
  const noStep = await gradproof([...args, '--steps', '0', '--profile', profile]);
  expect(noStep.status).toBe(2);
  expect(noStep.stderr).toContain(`--profile ${profile}: with --steps 0 there is no step to time`);
});

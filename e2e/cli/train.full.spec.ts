import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readReport } from '../../src/report/read.ts';
import { readTrace } from '../../suites/train/chrome-trace.ts';
import { gradproof, ROOT } from './gradproof.ts';
import { expect, test } from './scratch.ts';

test('fine-tunes on a text and saves adapter and report', async ({ folder }) => {
  const out = join(folder, 'new', 'adapter');
  const profile = join(folder, 'profile.json');
  const { status, stdout } = await gradproof([
    'train',
    '--data',
    join(ROOT, 'package-lock.json'),
    '--steps',
    '90',
    '--out',
    out,
    '--profile',
    profile,
  ]);
  const report = readReport(readFileSync(join(out, 'report.json')), 'report.json');
  const [result] = report.results;
  const { heldoutBefore, heldoutAfter } = result?.metrics ?? {};
  expect(heldoutAfter).toBeLessThan((heldoutBefore ?? 0) - 1);
  expect(result?.series?.['loss']?.length).toBeGreaterThan(3);
  expect([status, result?.status]).toEqual([0, 'pass']);
  expect(stdout, 'the tests run without a GPU').toMatch(/^Yes, but slowly: fine-tuning works/m);
  for (const name of ['stepMs', 'peakBytes', 'judgedSteps'])
    expect(result?.metrics?.[name], name).toBeGreaterThan(0);
  expect(report).toMatchObject({ kind: 'train', run: { complete: true } });
  expect(readdirSync(out).sort()).toEqual([
    'adapter_config.json',
    'adapter_model.safetensors',
    'report.json',
  ]);
  expect(JSON.parse(readFileSync(join(out, 'adapter_config.json'), 'utf8'))).toMatchObject({
    peft_type: 'LORA',
    r: 8,
    lora_alpha: 16,
  });
  expect(stdout).toMatch(/sample before: .*\n(.*\n)*sample after: /);
  const trace = readTrace(readFileSync(profile));
  expect([trace.faults, trace.steps.length]).toEqual([[], 90]);
  expect(stdout).toContain(`${trace.events.length} dispatches of 90 steps`);
});

test('a run that is too short for an answer says so and is not examined', async ({ folder }) => {
  const report = join(folder, 'report.json');
  const data = join(ROOT, 'package-lock.json');
  const { status, stdout } = await gradproof([
    'train',
    '--data',
    data,
    '--steps',
    '12',
    '--report',
    report,
  ]);
  const [result] = readReport(readFileSync(report), 'report.json').results;
  expect([status, result?.status, result?.skip?.code]).toEqual([1, 'skip', 'too-short']);
  expect(stdout).toMatch(/^It is learning, but 12 steps are too few for an answer\.$/m);
  expect(stdout).toMatch(
    /^learning\n(.*\n)*writing a sample\n(.*\n)*checking against a frozen copy/m,
  );
  expect(stdout).not.toMatch(/finding out why|^Yes|^No/m);
});

test('a text under 4 KiB is refused in one line', async ({ folder }) => {
  const text = join(folder, 'short.txt');
  writeFileSync(text, 'a'.repeat(4095));
  const { status, stderr } = await gradproof(['train', '--data', text]);
  expect([status, stderr]).toEqual([2, expect.stringMatching(/^gradproof: [^\n]*4[^\n]*\n$/)]);
});

test('settings are taken from a file, and one that does not exist is refused in one line', async ({
  folder,
}) => {
  const config = join(folder, 'settings.json');
  writeFileSync(config, '{"optimizer": {"optimizer": "sgd", "lr": 1e-30}, "max_grad_norm": 1}');
  const report = join(folder, 'report.json');
  await gradproof(['train', '--config', config, '--steps', '2', '--report', report]);
  const { heldoutBefore, heldoutAfter } =
    readReport(readFileSync(report, 'utf8'), report).results[0]?.metrics ?? {};
  expect([heldoutAfter, typeof heldoutBefore]).toEqual([heldoutBefore, 'number']);
  writeFileSync(config, '{"optimizer": {"learning_rate": 1}}');
  const { status, stderr } = await gradproof(['train', '--config', config]);
  expect([status, stderr]).toEqual([
    2,
    expect.stringMatching(/^gradproof: --config [^\n]*"learning_rate"[^\n]*lr[^\n]*\n$/),
  ]);
});

test('Ctrl-C ends a training with a partial report and no adapter', async ({ folder }) => {
  const { status } = await gradproof(['train', '--steps', '100000', '--out', folder], {
    interruptAt: /^step 25:/m,
  });
  expect(status).toBe(130);
  expect(readdirSync(folder)).toEqual(['report.json']);
  expect(readReport(readFileSync(join(folder, 'report.json')), 'report.json').run.complete).toBe(
    false,
  );
});

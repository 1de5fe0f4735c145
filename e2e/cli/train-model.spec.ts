import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { covers } from '../../src/catalog/covers.ts';
import { partsOf, serve } from '../../src/cli/model-address/fixtures/model-server.ts';
import { readSafetensors } from '../../src/formats/safetensors.ts';
import { readReport } from '../../src/report/read.ts';
import { gradproof, ROOT } from './gradproof.ts';
import { expect, test } from './scratch.ts';
import { logIn, SETTINGS, tinyModel } from './tiny-model.ts';

test('fine-tunes a folder, saves an adapter of PEFT with report and log, and goes on from it', {
  tag: '@long',
}, async ({ folder }) => {
  const args = tinyModel(folder);
  const out = join(folder, 'out');
  const { status, stdout, stderr } = await gradproof([
    ...[...args, '--type', 'qlora', '--steps', '24', '--seed', '7', '--out', out],
  ]);
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^step 1: every op is within its bound/m);
  expect(stdout).toMatch(/^The held-out loss went from /m);
  expect(stdout).toMatch(/^Checkpoints took [\d.]+ % of the time\.$/m);
  expect(readdirSync(out).sort()).toEqual([
    ...['adapter_config.json', 'adapter_model.safetensors', 'checkpoints'],
    ...['log.jsonl', 'report.json'],
  ]);
  const report = readReport(readFileSync(join(out, 'report.json')), 'report.json');
  const [result] = report.results;
  expect(report).toMatchObject({ kind: 'train', run: { complete: true } });
  expect(result).toMatchObject({ id: 'train.qlora:model;seed=7;steps=24', status: 'pass' });
  expect(result?.series?.['loss']).toHaveLength(24);
  const { heldoutBefore, heldoutAfter, peakBytes, bytesForecast, checkpointShare } =
    result?.metrics ?? {};
  expect(heldoutAfter).toBeLessThan(heldoutBefore ?? 0);
  expect(checkpointShare).toBeGreaterThan(0);
  expect(checkpointShare).toBeLessThan(1);
  expect(peakBytes).toBeLessThanOrEqual(bytesForecast ?? 0);
  const steps = logIn(out).filter(({ loss }) => loss !== undefined);
  expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 24 }, (_, i) => i + 1));
  for (const name of ['loss', 'grad_norm', 'learning_rate', 'tokens_per_second', 'bytes'])
    expect(
      steps.every((step) => (step[name] ?? 0) > 0),
      name,
    ).toBe(true);
  writeFileSync(args.at(-1) as string, JSON.stringify({ ...SETTINGS, learning_rate: 1e-3 }));
  const more = await gradproof([...args, '--adapter', out, '--steps', '20', '--report', '-']);
  expect(more.status).toBe(0);
  const [again] = JSON.parse(more.stdout.slice(more.stdout.indexOf('{'))).results;
  expect(again.metrics.heldoutBefore).toBeCloseTo(heldoutAfter as number, 3);
});

test('with offload it is judged, merged and saved with the same bits, and tells what it moved', {
  tag: '@full',
}, async ({ folder }) => {
  const args = tinyModel(folder);
  const saved = async (name: string, settings: object) => {
    writeFileSync(args.at(-1) as string, JSON.stringify({ ...SETTINGS, ...settings }));
    const out = join(folder, name);
    const { stdout, stderr, status } = await gradproof([
      ...[...args, '--type', 'qlora', '--steps', '20', '--save', 'merged', '--out', out],
    ]);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^step 1: every op is within its bound/m);
    return { out, stdout, model: readFileSync(join(out, 'model.safetensors')) };
  };
  const without = await saved('without', {});
  const offloaded = await saved('offloaded', { use_cpu_offload: true });
  expect(offloaded.model.equals(without.model)).toBe(true);
  expect(offloaded.stdout).toMatch(/^step 10: .* MB moved/m);
  const steps = logIn(offloaded.out).filter(({ loss }) => loss !== undefined);
  expect(steps.every((step) => (step['transferred_bytes'] ?? 0) > 0)).toBe(true);
  expect(without.stdout).not.toContain(' moved');
  const [{ metrics = {} } = {}] = readReport(
    readFileSync(join(offloaded.out, 'report.json')),
    'report.json',
  ).results;
  expect(metrics['peakBytes']).toBeLessThanOrEqual(metrics['bytesForecast'] ?? 0);
});

test('saves the merged model, which is read again, and merges a saved adapter into a GGUF file', {
  tag: '@full',
}, async ({ folder }) => {
  const args = tinyModel(folder);
  const out = join(folder, 'merged');
  const first = await gradproof([
    ...[...args, '--type', 'lora', '--steps', '20', '--save', 'merged', '--out', out],
  ]);
  expect([first.status, first.stderr]).toEqual([0, '']);
  expect(first.stdout).toMatch(/^the adapters of 14 linears are merged: in f32 .* off by 0\.0 %/m);
  for (const name of ['model.safetensors', 'config.json', 'tokenizer.json', 'log.jsonl'])
    expect(readdirSync(out)).toContain(name);
  const [trained] = readReport(readFileSync(join(out, 'report.json')), 'report').results;
  const adapter = join(out, 'adapter');
  expect(readdirSync(adapter).sort()).toEqual(['adapter_config.json', 'adapter_model.safetensors']);

  const again = await gradproof([
    ...[
      'train',
      '--model',
      out,
      ...args.slice(3),
      '--type',
      'lora',
      '--steps',
      '1',
      '--report',
      '-',
    ],
  ]);
  const { results } = JSON.parse(again.stdout.slice(again.stdout.indexOf('{')));
  expect(results[0].metrics.heldoutBefore).toBeCloseTo(trained?.metrics?.['heldoutAfter'] ?? 0, 4);

  const gguf = join(folder, 'gguf');
  const merging = [...args.slice(0, 3), '--adapter', adapter, '--type', 'lora', '--steps', '0'];
  const merged = await gradproof([...merging, '--save', 'gguf-q8_0', '--out', gguf]);
  expect([merged.status, merged.stderr]).toEqual([0, '']);
  expect(merged.stdout).toMatch(/^Merged\.$/m);
  expect(readdirSync(gguf).sort()).toEqual(['model-q8_0.gguf', 'report.json']);

  // The file is a model again: nearly the one that it was made of.
  const file = join(gguf, 'model-q8_0.gguf');
  const short = ['--type', 'lora', '--steps', '1', '--report', '-'];
  const read = await gradproof(['train', '--model', file, ...args.slice(3), ...short]);
  const [ofFile] = JSON.parse(read.stdout.slice(read.stdout.indexOf('{'))).results;
  expect(ofFile.id).toBe('train.lora:model-q8_0.gguf;seed=42;steps=1');
  expect(ofFile.metrics.heldoutBefore).toBeCloseTo(trained?.metrics?.['heldoutAfter'] ?? 0, 1);
});

test('weights that were trained whole are saved in another form, as right after their run', {
  tag: '@full',
}, async ({ folder }) => {
  const args = tinyModel(folder, { ...SETTINGS, lora: undefined, judge_steps: 0 });
  const saved = async (name: string, ...more: readonly string[]) => {
    const out = join(folder, name);
    const { status, stderr } = await gradproof([...args, '--type', 'full', '--out', out, ...more]);
    expect([status, stderr]).toEqual([0, '']);
    return out;
  };
  const train = ['--steps', '2'];
  const live = await saved('live', ...train, '--save', 'gguf-f16');
  const whole = await saved('whole', ...train);
  const later = await saved('later', '--adapter', whole, '--steps', '0', '--save', 'gguf-f16');
  const file = (out: string) => readFileSync(join(out, 'model-f16.gguf'));
  expect(file(later).equals(file(live))).toBe(true);
});

test('a model of a server is checked first, kept with its sums, and fetched no second time', {
  tag: '@long',
}, async ({ folder }) => {
  const args = tinyModel(folder);
  const model = args[2] as string;
  await using server = await serve(partsOf(model));
  const out = join(folder, 'out');
  const run = ['train', '--model', server.url, ...args.slice(3), '--type', 'lora', '--steps', '2'];
  const wrong = await gradproof([...run, '--adapter', model]);
  expect(wrong.status).toBe(2);
  expect(wrong.stderr).toMatch(/--adapter .*adapter_config\.json/);
  expect(server.asked.filter((line) => /^\/model\.safetensors bytes=0-\d{4}/.test(line))).toEqual(
    [],
  );

  const first = await gradproof([...run, '--out', out]);
  expect(first.stderr).toBe('');
  expect(first.stdout).toMatch(/^fetching model\.safetensors, \d+ bytes$/m);
  const [, place = ''] = /kept in (.*) with the SHA-256 of each/.exec(first.stdout) ?? [];
  try {
    const origin = JSON.parse(readFileSync(join(out, 'model-origin.json'), 'utf8'));
    expect(JSON.parse(readFileSync(join(place, 'origin.json'), 'utf8'))).toEqual(origin);
    const weights = readFileSync(join(model, 'model.safetensors'));
    expect(origin.address).toBe(server.url);
    expect(origin.files['model.safetensors']).toMatchObject({
      bytes: weights.length,
      sha256: createHash('sha256').update(weights).digest('hex'),
    });
    const [result] = readReport(readFileSync(join(out, 'report.json')), 'report').results;
    expect(result).toMatchObject({ id: 'train.lora:model;seed=42;steps=2' });
    const again = await gradproof(run);
    expect(again.stdout).not.toContain('fetching');
    expect(again.stdout).toContain(place);
  } finally {
    if (place !== '') rmSync(place, { recursive: true });
  }
});

test('Ctrl-C ends the asking of a server that is silent, at once and with a line', async ({
  folder,
}) => {
  const args = tinyModel(folder);
  const parts = partsOf(args[2] as string);
  const { size } = statSync(join(args[2] as string, 'model.safetensors'));
  for (const [interruptAt, isSilent] of [
    [/^asking /m, () => true],
    [/^fetching model\.safetensors/m, (range = '') => range === `bytes=0-${size - 1}`],
  ] as const) {
    await using server = await serve((request, response) => {
      if (!isSilent(request.headers.range)) parts(request, response);
    });
    const out = join(folder, 'out');
    const begun = performance.now();
    const { status, stderr } = await gradproof(
      ['train', '--model', server.url, ...args.slice(3), '--steps', '1', '--out', out],
      { interruptAt },
    );
    const { host } = new URL(server.url);
    expect([status, stderr]).toEqual([
      130,
      `gradproof: interrupted while ${host} was asked for the model: nothing was trained\n`,
    ]);
    expect(performance.now() - begun).toBeLessThan(14_000);
    expect(readdirSync(folder)).not.toContain('out');
  }
});

test('a model that cannot be saved so is refused before it is trained', async ({ folder }) => {
  const args = tinyModel(folder);
  const model = args[2] as string;
  const pipeline = JSON.parse(readFileSync(join(model, 'tokenizer.json'), 'utf8'));
  const normalizer = { type: 'Prepend', prepend: '_' };
  writeFileSync(join(model, 'tokenizer.json'), JSON.stringify({ ...pipeline, normalizer }));
  const refused = await gradproof([...args, '--save', 'gguf-f16', '--out', model]);
  expect([refused.status, refused.stdout]).toEqual([2, '']);
  expect(refused.stderr).toContain('is the folder of the model itself');
  expect(refused.stderr).toMatch(/--save gguf-f16: the tokenizer splits a text by "Prepend/);
  expect(refused.stderr.trim().split('\n')).toHaveLength(2);
});

test('Ctrl-C ends it after a step, and what is trained is saved', { tag: '@long' }, async ({
  folder,
}) => {
  const out = join(folder, 'out');
  const args = [...tinyModel(folder), '--type', 'lora', '--steps', '100000', '--out', out];
  const { status, stdout } = await gradproof(args, { interruptAt: /^step 10:/m });
  expect(status).toBe(130);
  expect(stdout).toMatch(/^Stopped after step \d+\./m);
  expect(readdirSync(out)).toContain('adapter_model.safetensors');
  const report = readReport(readFileSync(join(out, 'report.json')), 'report.json');
  expect(report.run.complete).toBe(false);
  const [result] = report.results;
  expect(result?.series?.['loss']?.length).toBeGreaterThanOrEqual(10);
  expect(result?.metrics?.['heldoutAfter']).toBeGreaterThan(0);
});

test('a weight that is not finite is refused by its name, place and file, and leaves nothing', async ({
  folder,
}) => {
  const args = tinyModel(folder);
  const weights = join(folder, 'model', 'model.safetensors');
  const name = 'model.layers.1.mlp.up_proj.weight';
  const file = readFileSync(weights);
  const bytes = readSafetensors(file).tensors.get(name)?.bytes as Uint8Array;
  new DataView(bytes.buffer, bytes.byteOffset).setFloat32(4 * (3 * 64 + 5), Number.NaN, true);
  writeFileSync(weights, file);
  const out = join(folder, 'runs/first');
  const { status, stderr } = await gradproof([...args, '--steps', '1', '--out', out]);
  expect(status).toBe(2);
  expect(readdirSync(folder)).not.toContain('runs');
  expect(stderr).toBe(
    `gradproof: --model ${join(folder, 'model')}: "${name}" in "model.safetensors" is NaN at [3, 5], and weights must be finite: get the file again, or save the model anew from before that\n`,
  );
});

test('an output over the texts that the settings alone name is refused', async ({ folder }) => {
  const [, , model = '', , data = ''] = tinyModel(folder);
  const settings = (named: string) => {
    const file = join(folder, 'with-data.json');
    writeFileSync(file, JSON.stringify({ ...SETTINGS, data: named }));
    return file;
  };
  const log = join(folder, 'log.jsonl');
  writeFileSync(log, JSON.stringify({ text: readFileSync(data, 'utf8') }));
  for (const [named, args, output] of [
    [data, ['--report', data], `--report ${data}`],
    [data, ['--profile', data], `--profile ${data}`],
    [log, ['--out', folder], `--out ${log}`],
  ] as const) {
    const config = settings(named);
    const { status, stderr } = await gradproof([
      ...['train', '--model', model, '--config', config, '--steps', '1', ...args],
    ]);
    expect([status, stderr]).toEqual([
      2,
      `gradproof: ${output}: would overwrite what "data" of --config ${config} reads: name another file\n`,
    ]);
  }
});

test('one step proves nothing, and says how many do', { tag: '@long' }, async ({ folder }) => {
  const { status, stdout } = await gradproof([
    ...tinyModel(folder, { ...SETTINGS, learning_rate: 1e-9 }),
    '--steps',
    '1',
  ]);
  expect(status).toBe(1);
  expect(stdout).toContain('Nothing is proved: the loss did not fall by step 1: take 20 steps\n');
});

test('a model with a sliding window learns texts of any length, and is held to others', {
  tag: '@full',
}, async ({ folder }) => {
  const window = { model_type: 'mistral', sliding_window: 8 };
  const args = tinyModel(folder, { ...SETTINGS, max_length: 40 }, window);
  const texts = Array.from({ length: 30 }, (_, i) => 'the cat sat on a mat '.repeat(1 + (i % 7)));
  const lines = texts.map((text) => JSON.stringify({ text }));
  writeFileSync(args[4] as string, lines.join('\n'));
  const out = join(folder, 'out');
  const { status, stdout, stderr } = await gradproof([
    ...[...args, '--type', 'lora', '--steps', '20', '--out', out],
  ]);
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^step 1: every op is within its bound/m);
  const [{ metrics = {} } = {}] = readReport(
    readFileSync(join(out, 'report.json')),
    'report.json',
  ).results;
  expect(metrics['heldoutAfter']).toBeLessThan(metrics['heldoutBefore'] ?? 0);
  expect(metrics['peakBytes']).toBeLessThanOrEqual(metrics['bytesForecast'] ?? 0);
});

test('rows beyond the context that positions depend on are refused with the settings', async ({
  folder,
}) => {
  const factors = Array.from({ length: 8 }, () => 1);
  const rope = { rope_type: 'longrope', short_factor: factors, long_factor: factors };
  const args = tinyModel(
    folder,
    { ...SETTINGS, packing: true, max_length: 48, learning_rate: -1 },
    { original_max_position_embeddings: 32, rope_scaling: { ...rope, factor: 2 } },
  );
  const { status, stdout, stderr } = await gradproof([...args, '--type', 'lora']);
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toContain('learning_rate is -1');
  expect(stderr).toContain(
    'packing is true, and rows of 48 tokens are longer than the context of 32',
  );
});

test('what is wrong with settings, model and data is told at once, a line each', async ({
  folder,
}) => {
  const args = tinyModel(folder, { learning_rate: -1, fp16: true, bf16: true, lora: { r: 0 } });
  writeFileSync(join(folder, 'model', 'tokenizer.json'), '{');
  const { status, stdout, stderr } = await gradproof(args);
  expect([status, stdout]).toEqual([2, '']);
  const lines = stderr.trim().split('\n');
  expect(lines).toHaveLength(4);
  const says = [
    'learning_rate is -1',
    'lora.r is 0',
    'fp16 and bf16 are both true',
    'tokenizer.json',
  ];
  for (const each of says)
    expect(
      lines.some((line) => line.includes(each)),
      each,
    ).toBe(true);
});

test(
  'settings are looked at before a device is asked for',
  covers('fsdp.backend.configuration-validation/no-buffer-before-validation').control(
    'a device is there before they are read',
    {
      file: 'src/cli/commands/train-model.ts',
      from: 'const reading = requestOf(model, options, (line) => read.push(line), remote);',
      to: 'await using early = await openRuntime(name, voice.say); voice.say(early.adapter); const reading = requestOf(model, options, (line) => read.push(line), remote);',
    },
  ),
  async ({ folder }) => {
    const args = tinyModel(folder, { learning_rate: -1, world_size: 0, lora: { r: 0 } });
    const { status, stdout, stderr } = await gradproof(args);
    expect(status).toBe(2);
    expect(stderr.trim().split('\n')).toHaveLength(3);
    expect(stdout, 'it would say which device it has').toBe('');
  },
);

test('a browser is given the files of the folder, and leaves what Node does', {
  tag: '@full',
}, async ({ folder }) => {
  const settings = join(folder, 'settings.json');
  writeFileSync(settings, JSON.stringify({ max_length: 32, judge_steps: 1, learning_rate: 1e-3 }));
  const data = join(folder, 'tales.jsonl');
  const tale = { text: 'On the station lived a robot that was alone, and it saw a star.' };
  writeFileSync(data, `${JSON.stringify(tale)}\n`.repeat(10));
  const ofRuntime = async (name: string) => {
    const out = join(folder, name);
    const model = join(ROOT, 'public/model');
    const args = ['train', '--model', model, '--data', data, '--config', settings];
    const ended = await gradproof([...args, '--steps', '2', '--runtime', name, '--out', out]);
    expect([ended.status, ended.stderr], name).toEqual([0, '']);
    const report = readReport(readFileSync(join(out, 'report.json')), 'report.json');
    return { report, result: report.results[0], files: readdirSync(out).sort(), log: logIn(out) };
  };
  const inPage = await ofRuntime('chromium');
  const inNode = await ofRuntime('node');
  expect(inPage.report.environments[0]?.runtime).toBe('chromium');
  expect(inPage.report.run.complete).toBe(true);
  expect(inPage.result).toMatchObject({ status: 'pass', metrics: { judgedSteps: 2 } });
  expect(inPage.result?.id).toBe(inNode.result?.id);
  expect(inPage.files).toEqual(inNode.files);
  expect(inPage.log.map((line) => Object.keys(line))).toEqual(
    inNode.log.map((line) => Object.keys(line)),
  );
  const losses = ({ result }: typeof inPage) => result?.series?.['loss'] ?? [];
  for (const [step, loss] of losses(inPage).entries())
    expect(loss).toBeCloseTo(losses(inNode)[step] ?? Number.NaN, 3);
  const names = inPage.result?.artifacts?.map(({ name }) => name);
  expect(names).toEqual(['adapter_model.safetensors', 'adapter_config.json', 'kernels.json']);
});

test('Ctrl-C keeps what a browser has trained', { tag: '@long' }, async ({ folder }) => {
  const out = join(folder, 'out');
  const args = [...tinyModel(folder), '--type', 'lora', '--steps', '100000', '--out', out];
  const chromium = ['--runtime', 'chromium'];
  const { status, stdout } = await gradproof([...args, ...chromium], { interruptAt: /^step 10:/m });
  expect([status, stdout.match(/^Stopped after step \d+\./m)?.length]).toEqual([130, 1]);
  expect(readdirSync(out)).toContain('adapter_model.safetensors');
  const report = readReport(readFileSync(join(out, 'report.json')), 'report.json');
  expect([report.run.complete, report.results[0]?.status]).toEqual([false, 'pass']);
  expect(logIn(out).length).toBeGreaterThanOrEqual(10);
});

test('two workers train a folder as one does, each with what its strategy gives it', {
  tag: '@long',
}, async ({ folder }) => {
  const settings = {
    ...{ ...SETTINGS, judge_steps: 0, per_device_train_batch_size: 2 },
    gradient_accumulation_steps: 2,
  };
  const args = [...tinyModel(folder, settings), '--type', 'qlora', '--steps', '10'];
  const run = async (name: string, ...more: readonly string[]) => {
    const out = join(folder, name);
    const { status, stdout, stderr } = await gradproof([...args, '--out', out, ...more]);
    expect([status, stderr]).toEqual([0, '']);
    const steps = logIn(out).filter(({ loss }) => loss !== undefined);
    const heldout = logIn(out).flatMap(({ eval_loss }) => eval_loss ?? []);
    return { stdout, steps, losses: steps.map(({ loss }) => loss as number), heldout };
  };
  const alone = await run('alone');
  for (const [strategy, runtime] of [
    ['ddp', 'node'],
    ['shard_grad_op', 'node'],
    ['full_shard', 'node'],
    ['full_shard', 'chromium'],
  ] as const) {
    const sharing = ['--workers', '2', '--sharding', strategy, '--runtime', runtime];
    const shared = await run(runtime === 'node' ? strategy : runtime, ...sharing);
    expect(shared.stdout).toContain(`shared by 2 workers (${strategy})`);
    expect(shared.stdout).toMatch(/^step 10: loss .*, at most .* MB, .* MB at the workers$/m);
    expect(shared.losses).toHaveLength(10);
    shared.losses.forEach((loss, i) => {
      expect(Math.abs(loss / (alone.losses[i] as number) - 1)).toBeLessThan(1e-4);
    });
    expect(shared.heldout.at(-1)).toBeCloseTo(alone.heldout.at(-1) as number, 3);
    for (const step of shared.steps)
      for (const rank of [0, 1]) expect(step[`peak_bytes_of_worker_${rank}`]).toBeGreaterThan(0);
  }
  const again = ['train', '--resume', join(folder, 'full_shard')];
  const asBefore = await gradproof(again);
  expect([asBefore.status, asBefore.stderr]).toEqual([0, '']);
  expect(asBefore.stdout).toContain('shared by 2 workers (full_shard)');
  const byItself = await gradproof([...again, '--workers', '1']);
  expect([byItself.status, byItself.stderr]).toEqual([0, '']);
  expect(byItself.stdout).not.toContain('shared by');
});

test('what workers cannot share is told, a line for each reason', async ({ folder }) => {
  const settings = { ...SETTINGS, optim: 'adamw_bnb_8bit', fp16: false };
  const args = tinyModel(folder, settings);
  const { status, stderr } = await gradproof([
    ...[...args, '--type', 'qlora', '--workers', '3', '--sharding', 'shard_grad_op'],
  ]);
  expect(status).toBe(2);
  expect(stderr).toMatch(/--workers 3: a step has 1 of the micro-batches .*: give 3 or more/);
  expect(stderr).toMatch(/--workers 3: shard_grad_op cuts through parameters, .*: take ddp/);
  const one = await gradproof([...args, '--sharding', 'ddp']);
  expect([one.status, one.stderr]).toEqual([2, expect.stringContaining('give --workers')]);
});

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeSafetensors } from '../../src/formats/safetensors/write.ts';
import { readReport } from '../../src/report/read.ts';
import { hostTensorFrom } from '../../src/tensor/host.ts';
import { gradproof, ROOT } from './gradproof.ts';
import { expect, test } from './scratch.ts';

/** A recording of [1 2; 3 4] [5 6; 7 8], whose right answer is [19 22; 43 50]. */
function recording(y: readonly number[]): Uint8Array {
  const tensor = (values: readonly number[]) => hostTensorFrom('f32', [2, 2], values);
  const metadata = {
    schema: 'parity-bundle/1',
    op: 'matmul',
    params: '{}',
    producer: 'by hand 1.0',
    device: 'cpu',
  };
  return writeSafetensors(
    { 'in.a': tensor([1, 2, 3, 4]), 'in.b': tensor([5, 6, 7, 8]), 'out.y': tensor(y) },
    metadata,
  );
}

for (const runtime of ['chromium', 'node']) {
  test(`replays files and folders in ${runtime}`, { tag: '@long' }, async ({ folder }) => {
    const report = join(folder, 'report.json');
    mkdirSync(join(folder, 'bundles'));
    writeFileSync(join(folder, 'right.safetensors'), recording([19, 22, 43, 50]));
    writeFileSync(join(folder, 'bundles/off.safetensors'), recording([19, 22, 43, 51]));
    writeFileSync(
      join(folder, 'bundles/cut.safetensors'),
      recording([19, 22, 43, 50]).subarray(0, 200),
    );
    const args = [
      '--parity',
      join(folder, 'right.safetensors'),
      '--parity',
      join(folder, 'bundles'),
      '--runtime',
      runtime,
    ];
    const { status } = await gradproof([...args, '--report', report]);
    expect(status).toBe(1); // the cut one in the folder is an error, and the rest ran
    const { results } = readReport(readFileSync(report), 'report.json');
    expect(
      results.map(({ id, status, finding }) => [id.split(':')[1], status, finding?.code]),
    ).toEqual(
      expect.arrayContaining([
        ['right', 'pass', undefined],
        ['off', 'pass', 'producer-deviates'],
        ['cut', 'error', undefined],
      ]),
    );
    expect(results).toHaveLength(3);
  });
}

test('recordings can be listed', async ({ folder }) => {
  writeFileSync(join(folder, 'right.safetensors'), recording([19, 22, 43, 50]));
  expect((await gradproof(['--parity', folder, '--list'])).stdout).toBe(
    'parity.matmul:right webgpu\n',
  );
});

test('a folder is checked against its index, and only files listed there have a date', {
  tag: '@long',
}, async ({ folder }) => {
  const files = {
    kept: recording([19, 22, 43, 50]),
    changed: recording([19, 22, 43, 51]),
    unlisted: recording([19, 22, 43, 50]),
  };
  for (const [name, bytes] of Object.entries(files))
    writeFileSync(join(folder, `${name}.safetensors`), bytes);
  const cases = ['kept', 'changed', 'absent'].map((name) => ({
    name,
    op: 'matmul',
    bytes: files.kept.byteLength,
    recording: 0,
    sha256: createHash('sha256').update(files.kept).digest('hex'),
  }));
  const recordings = [{ date: '2026-11-20', device: 'cpu' }];
  writeFileSync(
    join(folder, 'INDEX.json'),
    JSON.stringify({ schema: 'parity-bundle/1', versions: {}, recordings, cases }),
  );
  const { status, stdout } = await gradproof([
    '--parity',
    folder,
    '--runtime',
    'node',
    '--verbose',
  ]);
  expect(status).toBe(1);
  expect(stdout).toMatch(
    /^error .*parity\.unreadable:changed\n.*bytes are not the \d+ that INDEX\.json lists/m,
  );
  expect(stdout).toMatch(/^error .*parity\.unreadable:absent\n.*is not there/m);
  expect(stdout).toContain('by hand 1.0: 1 of 1 agree, recorded on CPU on 2026-11-20\n');
  expect(stdout).toContain('by hand 1.0: 1 of 1 agree, recorded on CPU\n');
  const alone = await gradproof([
    '--parity',
    join(folder, 'kept.safetensors'),
    '--runtime',
    'node',
  ]);
  expect(alone.stdout, 'also when it is named itself').toContain('recorded on CPU on 2026-11-20\n');
});

test('a pre-quantized checkpoint is decoded weight by weight, and its control is red', {
  tag: '@long',
}, async ({ folder }) => {
  const report = join(folder, 'report.json');
  const fixtures = ['nf4-compressed', 'fp4-plain'].map((name) =>
    join(ROOT, `src/formats/fixtures/bitsandbytes-${name}.safetensors`),
  );
  const args = [
    ...fixtures.flatMap((file) => ['--parity', file]),
    '--runtime',
    'node',
    '--controls',
    '--report',
    report,
  ];
  expect((await gradproof(args)).status).toBe(0);
  const { results } = readReport(readFileSync(report), 'report.json');
  expect(results.map(({ id, status, control }) => [id, status, control?.status])).toEqual([
    ['parity.checkpoint:bitsandbytes-fp4-plain/layer.weight', 'pass', 'red'],
    ['parity.checkpoint:bitsandbytes-nf4-compressed/layer.weight', 'pass', 'red'],
  ]);
  for (const { assertions, metrics, kernels } of results) {
    expect(assertions).toBeGreaterThanOrEqual(Number(metrics?.['elements']));
    expect(kernels).toContain('quant/dequantize');
  }
});

test('a truncated bundle that is named is refused in one line', async ({ folder }) => {
  const file = join(folder, 'cut.safetensors');
  writeFileSync(file, recording([19, 22, 43, 50]).subarray(0, 200));
  const { status, stderr } = await gradproof(['--parity', file]);
  expect([status, stderr]).toEqual([
    2,
    expect.stringMatching(/^gradproof: [^\n]*cut\.safetensors[^\n]+\n$/),
  ]);
});

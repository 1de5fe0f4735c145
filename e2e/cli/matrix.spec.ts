import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { covers } from '../../src/catalog/covers.ts';
import { readReport } from '../../src/report/read.ts';
import { gradproof, ROOT } from './gradproof.ts';
import { expect, test } from './scratch.ts';

// What is fresh is left as it is.
test.beforeAll(() => {
  execFileSync(process.execPath, [join(ROOT, 'scripts/bench-setup.mjs')], { stdio: 'ignore' });
});

const METHODS = ['fp4', 'hqq', 'llm_int8', 'mlx', 'nf4', 'quanto_int8', 'ternary'];
const COLUMNS = [
  ...['bridge', 'ort-wasm', 'ort-webgpu', 'recorded-cpu', 'recorded-cuda', 'recorded-mlx'],
  ...['recorded-mps', 'reference', 'webgpu-f16', 'webgpu-f32'],
];

/** Cells of libraries that must have been executed, whatever the adapter. */
const OF_LIBRARIES = [
  'matrix.nf4:product;backend=ort-wasm',
  'matrix.quanto_int8:quantize;backend=ort-wasm',
  'matrix.hqq:dequantize;backend=ort-wasm',
  'matrix.nf4:product;backend=ort-webgpu',
  'matrix.quanto_int8:dequantize;backend=ort-webgpu',
  'matrix.nf4:quantize;backend=recorded-cpu',
  'matrix.hqq:dequantize;backend=recorded-cpu',
  'matrix.mlx:product;backend=recorded-mlx',
  'matrix.mlx:gradient;backend=recorded-mlx',
  ...['nf4', 'fp4', 'hqq', 'llm_int8', 'quanto_int8', 'ternary'].flatMap((method) => [
    `matrix.${method}:product;backend=recorded-cpu`,
    `matrix.${method}:gradient;backend=recorded-cpu`,
  ]),
];

test('every cell of the matrix is executed, or says why not: table, report and CSV', {
  ...covers(
    'fsdp.backend.quantization-method-compatibility/all-columns',
    'fsdp.backend.quantization-method-compatibility/cells-executed',
  ).control('the matrix has no columns of ONNX Runtime', {
    file: 'src/harness/matrix/cells.ts',
    from: '...ORT_COLUMNS, ...RECORDED_COLUMNS',
    to: '...RECORDED_COLUMNS',
  }),
  tag: '@long',
}, async ({ folder }) => {
  test.slow();
  const [report = '', csv = ''] = ['r.json', 'r.csv'].map((name) => join(folder, name));
  const methods = METHODS.flatMap((method) => ['--methods', method]);
  const args = ['matrix', ...methods, '--report', report, '--csv', csv];
  const { status, stdout, stderr } = await gradproof(args);
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^method +webgpu-f32 /m);
  expect(stdout).toMatch(/^nf4 +qdpg/m);
  const { kind, results } = readReport(readFileSync(report, 'utf8'), report);
  expect([kind, results.length]).toEqual(['run', 4 * METHODS.length * COLUMNS.length]);
  expect([...new Set(results.map(({ backend }) => backend))].sort()).toEqual(COLUMNS);
  for (const { id, backend, status: one, assertions, accuracy, skip } of results) {
    // Ours are claimed everywhere; halves hang on the adapter.
    if (['webgpu-f32', 'reference'].includes(backend)) expect([id, one]).toEqual([id, 'pass']);
    if (one === 'pass') expect([id, assertions > 0]).toEqual([id, true]);
    if (one === 'pass') expect(accuracy?.boundUsed ?? 0).toBeLessThanOrEqual(1);
    if (one === 'skip')
      expect(skip).toEqual({ code: expect.any(String), detail: expect.any(String) });
  }
  const passed = results.filter((result) => result.status === 'pass').map(({ id }) => id);
  expect(passed).toEqual(expect.arrayContaining(OF_LIBRARIES));
  // bitsandbytes' own decoding errs on some shapes; its codes are right.
  const deviating = results.filter(({ finding }) => finding?.code === 'producer-deviates');
  expect(deviating.map(({ id, fault }) => [id, fault])).toEqual([
    ['matrix.nf4:dequantize;backend=recorded-cpu', 'producer'],
  ]);
  expect(readFileSync(csv, 'utf8')).toContain('matrix.nf4:product;backend=ort-wasm,');
});

test('what no method or column is called is wrong use', async () => {
  const methods = await gradproof(['matrix', '--methods', 'nf5']);
  expect([methods.status, methods.stderr]).toEqual([2, expect.stringMatching(/nf5: .* nf4/)]);
  const columns = await gradproof(['matrix', '--backends', 'tpu-*']);
  expect([columns.status, columns.stderr]).toEqual([2, expect.stringMatching(/tpu-\*: .* webgpu/)]);
});

test('where nothing is executed no report is written', async ({ folder }) => {
  const file = join(folder, 'matrix.json');
  const only = ['--methods', 'nf4', '--backends', 'ort-wasm', '--runtime', 'node'];
  const { status, stdout, stderr } = await gradproof(['matrix', ...only, '--report', file]);
  expect(stdout).toContain('missing-browser');
  expect(stderr).toMatch(/^gradproof: --backends ort-wasm: nothing was executed[^\n]*\n$/);
  expect([status, existsSync(file)]).toEqual([2, false]);
});

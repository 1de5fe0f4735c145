import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { covers } from '../../catalog/covers.ts';
import { writeParityBundle } from '../../formats/parity-bundle/write.ts';
import type { Cell } from '../../quantizer/matrix/cell.ts';
import { methods } from '../../quantizer/registry.ts';
import { readReport } from '../../report/read.ts';
import { DEFAULT_RUN_OPTIONS } from '../../report/run-options.ts';
import type { CaseResult } from '../../report/schema.ts';
import { writeReport } from '../../report/write.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import type { BundleFile } from '../parity.ts';
import { loadCases } from '../registry.ts';
import { allColumns, cellsOf, ownCaseId } from './cells.ts';
import { isAbout, isOfMatrix, recordedCells } from './recorded.ts';
import { matrixReport } from './report.ts';
import { matrixRequest } from './request.ts';

const result = (id: string, more: Partial<CaseResult> = {}): CaseResult => ({
  ...{ id, suite: 's', backend: 'webgpu', env: 0, covers: [], tier: 'full', status: 'pass' },
  ...{ durationMs: 1, attempts: 1, assertions: 3, kernels: [], ...more },
});
const accuracy = (boundUsed: number) => ({
  ...{ maxAbs: boundUsed, maxRel: 0, maxUlp: 0, typicalUsed: null },
  boundUsed,
});
const NF4 = { method: 'nf4', direction: 'quantize' } as const;

test('every cell of ours is a case of the plan', async () => {
  const ids = new Set([...(await loadCases()).values()].map(({ id }) => id));
  for (const method of methods.keys())
    for (const backend of ['webgpu-f32', 'webgpu-f16', 'reference'])
      expect(ids).toContain(ownCaseId({ method, direction: 'gradient', backend }));
});

/** A recording of MLX's, on a device, with what its file holds beside the codes. */
function recording(name: string, mode: 'affine' | 'mxfp4', device: string): BundleFile {
  const weight = hostTensorFrom('f32', [1, 64], new Float64Array(64));
  const bits = hostTensorFrom('i32', [1, 8], new Float64Array(8));
  const line = hostTensorFrom('f32', [1, 1], [0]);
  const isAffine = mode === 'affine';
  const bytes = writeParityBundle({
    op: 'mlx_quantize',
    params: { mode, bits: 4, group_size: isAffine ? 64 : 32 },
    ...{ producer: 'mlx 0', device, note: '', gradsIn: {}, gradsOut: {} },
    inputs: { weight, ...(isAffine ? { x: weight } : {}) },
    outputs: {
      packed: bits,
      ...(isAffine ? { scales: line, biases: line, y: line } : {}),
      ...(isAffine ? {} : { scales: hostTensorFrom('u8', [1, 2], [0, 0]) }),
      dequant: weight,
    },
  });
  return { name: `${name}.safetensors`, bytes, direct: true };
}

test('a recording is of its method, by its device, in the directions that it holds', () => {
  const files = [
    recording('a', 'affine', 'mlx'),
    recording('b', 'mxfp4', 'cuda:H100'),
    recording('c', 'mxfp4', 'a potato'),
  ];
  expect([...recordedCells(files)]).toEqual([
    [
      'parity.mlx_quantize:a',
      {
        method: 'mlx',
        directions: ['quantize', 'dequantize', 'product'],
        column: 'recorded-mlx',
        outputs: ['biases', 'dequant', 'packed', 'scales', 'y'],
      },
    ],
    [
      'parity.mlx_quantize:b',
      {
        method: 'mxfp4',
        directions: ['quantize', 'dequantize'],
        column: 'recorded-cuda',
        outputs: ['dequant', 'packed', 'scales'],
      },
    ],
    [
      'parity.mlx_quantize:c',
      {
        method: 'mxfp4',
        directions: ['quantize', 'dequantize'],
        column: undefined,
        outputs: ['dequant', 'packed', 'scales'],
      },
    ],
  ]);
  expect([isOfMatrix('mlx_quantize'), isOfMatrix('softmax')]).toEqual([true, false]);
});

test('a shipped product of codes is of the method that its codes tell, both ways', () => {
  const methodsOf = {
    'bitsandbytes-0.50.2/int8_blockwise_product': 'int8_blockwise',
    'mlx-0.32.4/mlx_product_affine_3bit': 'mlx',
    'mlx-0.32.4/mlx_product_nvfp4': 'nvfp4',
    'quanto-0.2.7/quanto_product_qfloat8_e4m3fn_axis0': 'quanto_float8',
    'quanto-0.2.7/quanto_product_qfloat8_e4m3fnuz_axis0': 'quanto_float8_e4m3fnuz',
    'quanto-0.2.7/quanto_product_qfloat8_e5m2_axis-1': 'quanto_float8_e5m2',
    'quanto-0.2.7/quanto_product_qint2_axis0': 'quanto_int',
    'quanto-0.2.7/quanto_product_qint8_axis-1': 'quanto_int8',
    'torch-2.15.0/int8_product_per_channel': 'int8',
    'torch-2.15.0/int8_product_per_tensor': 'int8',
    'torch-2.15.0/ternary_product': 'ternary',
    'torch-2.15.0/ternary_product_base3': 'ternary_base3',
    'torch-2.15.0/ternary_product_one_scale': 'bitnet',
  };
  for (const [path, method] of Object.entries(methodsOf)) {
    const name = `${path}.safetensors`;
    const bytes = Uint8Array.from(readFileSync(`public/parity/${name}`));
    const [cells] = recordedCells([{ name, bytes, direct: true }]).values();
    const both = { method, directions: ['product', 'gradient'] };
    expect([path, cells]).toEqual([path, method ? expect.objectContaining(both) : undefined]);
  }
});

test('a library deviates in the directions whose tensors are wrong', () => {
  const of = {
    method: 'nf4',
    directions: ['quantize', 'dequantize'],
    column: 'recorded-cpu',
    outputs: ['packed', 'absmax', 'dequant'],
  } as const;
  const directions = (message: string) =>
    of.directions.filter((direction) => isAbout(message, direction, of));
  expect(directions('bnb (cpu): dequant[1, 16] is 0')).toEqual(['dequantize']);
  expect(directions('bnb (cpu): absmax[1] is 0; 1 of 4')).toEqual(['quantize']);
  expect(directions('bnb (cpu): dequant[1] is 0; also packed')).toEqual(of.directions);
  expect(directions('bnb (cpu): what it is')).toEqual(of.directions);

  const layer = {
    method: 'quanto_w8a8',
    directions: ['product', 'gradient'],
    column: 'recorded-cpu',
    outputs: ['q_x', 'acc', 'y', 'gradient of x'],
  } as const;
  const ofLayer = (message: string) =>
    layer.directions.filter((direction) => isAbout(message, direction, layer));
  expect(ofLayer('quanto (cpu): acc[1] is 0; also y')).toEqual(['product']);
  expect(ofLayer('quanto (cpu): gradient of x[0, 1] is 0')).toEqual(['gradient']);
});

/** Cells by what became of them: `nf4 quantize webgpu-f32: pass`. */
const told = (cells: readonly Cell[]) =>
  cells.map(({ backend, verdict, why }) => `${backend}: ${verdict}${why ? ` ${why.code}` : ''}`);

test('a cell is what its case, its recordings, or its library gave, and never a silent pass', () => {
  const columns = allColumns(['bridge-torch-cpu']);
  const recorded = new Map(
    ['a', 'b', 'c'].map((name) => [
      `parity.x:${name}`,
      { method: 'nf4', directions: ['quantize'], column: 'recorded-cpu', outputs: [] } as const,
    ]),
  );
  const off = { code: 'producer-deviates', message: 'y[0] is 1' };
  const cells = cellsOf(
    { methods: ['nf4'], columns },
    {
      results: [
        result(ownCaseId({ ...NF4, backend: 'webgpu-f32' }), { accuracy: accuracy(0.25) }),
        result(ownCaseId({ ...NF4, backend: 'webgpu-f16' }), {
          status: 'skip',
          skip: { code: 'missing-feature', detail: 'shader-f16' },
        }),
        result(ownCaseId({ ...NF4, backend: 'reference' }), {
          status: 'error',
          error: { code: 'exception', message: 'it threw' },
        }),
        result('parity.x:a', { accuracy: accuracy(0.5) }),
        result('parity.x:b', { finding: off, accuracy: accuracy(0.75) }),
        result('parity.x:c', { status: 'skip', skip: { code: 'bridge-x', detail: 'no' } }),
        result('parity.x:a', { backend: 'bridge-torch-cpu' }),
        result('parity.y:a', { status: 'fail' }),
      ],
      recorded,
      foreign: { code: 'missing-library', message: 'not installed' },
    },
  );
  const quantize = cells.filter(({ direction }) => direction === 'quantize');
  expect(told(quantize)).toEqual([
    'webgpu-f32: pass',
    'webgpu-f16: unavailable missing-feature',
    'reference: fail exception',
    'ort-wasm: unavailable missing-library',
    'ort-webgpu: unavailable missing-library',
    'recorded-cpu: producer-deviates producer-deviates',
    'recorded-cuda: unavailable no-recording',
    'recorded-mps: unavailable no-recording',
    'recorded-mlx: unavailable no-recording',
    'bridge-torch-cpu: pass',
  ]);
  expect(quantize[5]).toMatchObject({
    why: { message: '1 of 3 recordings: y[0] is 1' },
    compared: 6,
    accuracy: { boundUsed: 0.75 },
  });
  expect(quantize[7]?.why?.message).toBe(
    'no recording of this is shipped: gradproof-bridge record makes one with --backend mps on a Mac with an Apple GPU, if the library has it there',
  );
  const others = cells.filter(({ direction }) => direction !== 'quantize');
  expect(others).toHaveLength(3 * columns.length);
  expect(others.every(({ verdict }) => verdict === 'unavailable')).toBe(true);
});

test('without a bridge its column says so, and a library has its own cells', () => {
  const cell: Cell = {
    ...{ ...NF4, backend: 'ort-wasm', verdict: 'pass', compared: 4, tookMs: 2 },
    accuracy: accuracy(0.125),
  };
  const cells = cellsOf(
    { methods: ['nf4'], columns: ['ort-wasm', 'bridge'] },
    { results: [], recorded: new Map(), foreign: [cell] },
  );
  expect(cells[0]).toBe(cell);
  expect(cells[1]).toMatchObject({ verdict: 'unavailable', why: { code: 'missing-backend' } });
});

const environment = {
  ...{ runtime: 'node', runtimeVersion: '20', os: 'linux', cores: 2, features: [], limits: {} },
  ...{ probe: {}, tuning: {} },
  adapter: { vendor: '', architecture: '', device: '', description: 'x', isFallback: true },
};

const IDENTITY = {
  kind: 'run',
  startedAt: new Date(),
  planHash: '0'.repeat(64),
  options: DEFAULT_RUN_OPTIONS,
} as const;

test(
  'the report shows of a backend that is asked for and not there why it is not',
  covers('fsdp.utilities.get-available-device/shown-in-report').control(
    'a result does not say why',
    { file: 'src/harness/matrix/report.ts', from: 'detail: why.message', to: 'detail: why.code' },
  ),
  () => {
    const cells = cellsOf(
      { methods: ['nf4'], columns: ['bridge'] },
      { results: [], recorded: new Map(), foreign: [] },
    );
    const { results, summary } = readReport(
      writeReport(matrixReport(IDENTITY, cells, { own: environment }, true)),
      'matrix',
    );
    expect(results.map(({ backend, status, skip }) => ({ backend, status, skip }))).toEqual(
      cells.map(() => ({
        ...{ backend: 'bridge', status: 'skip' },
        skip: {
          code: 'missing-backend',
          detail: 'no bridge is connected: start one with --bridge',
        },
      })),
    );
    expect(summary).toMatchObject({ passed: 0, skipped: cells.length });
  },
);

test('the report is one that readers take: deviations are faults of the producer', async () => {
  const place = { ...NF4, compared: 4, tookMs: 2 };
  const why = { code: 'out-of-bound', message: 'y[1] is 2' };
  const cells: readonly Cell[] = [
    { ...place, backend: 'ort-webgpu', verdict: 'producer-deviates', why },
    { ...place, backend: 'recorded-cpu', verdict: 'producer-deviates', why, accuracy: accuracy(1) },
    { ...place, backend: 'webgpu-f32', verdict: 'fail', why },
    { ...place, backend: 'webgpu-f16', verdict: 'unavailable', why },
  ];
  const places = { own: environment, foreign: { ...environment, runtime: 'chromium' } };
  const report = matrixReport(IDENTITY, cells, places, true);
  expect(readReport(writeReport(report), 'matrix')).toEqual(report);
  expect(report.results.map(({ id, env, status, fault }) => [id, env, status, fault])).toEqual([
    ['matrix.nf4:quantize;backend=ort-webgpu', 1, 'fail', 'producer'],
    ['matrix.nf4:quantize;backend=recorded-cpu', 0, 'pass', 'producer'],
    ['matrix.nf4:quantize;backend=webgpu-f16', 0, 'skip', undefined],
    ['matrix.nf4:quantize;backend=webgpu-f32', 0, 'fail', undefined],
  ]);
});

test('a run is asked for what the columns need, and for nothing where they need none', () => {
  const bundles = [recording('a', 'affine', 'mlx')];
  const asked = matrixRequest(
    { methods: ['mlx'], columns: ['webgpu-f32', 'recorded-mlx'] },
    { seed: 7, bundles },
  );
  expect(asked?.options).toMatchObject({ tier: 'full', seed: 7 });
  expect(asked?.options.filters).toHaveLength(5);
  expect(asked?.replay).toMatchObject({ alone: false });
  const extent = { methods: ['mlx'], columns: ['ort-wasm'] };
  expect(matrixRequest(extent, { seed: 7, bundles: [] })).toBeUndefined();
});

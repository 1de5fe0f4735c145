import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readGguf } from '../../src/formats/gguf.ts';
import { float64Of } from '../../src/formats/safetensors/stored.ts';
import { writeSafetensors } from '../../src/formats/safetensors/write.ts';
import { readSafetensors } from '../../src/formats/safetensors.ts';
import { readReport } from '../../src/report/read.ts';
import { hostTensorFrom } from '../../src/tensor/host.ts';
import { Random } from '../../src/tensor/random.ts';
import { gradproof } from './gradproof.ts';
import { expect, test } from './scratch.ts';

/** A file with a weight that methods take, and one that those with whole groups refuse. */
function weights(folder: string): string {
  const random = new Random(5);
  const drawn = (rows: number, width: number) =>
    hostTensorFrom(
      'f32',
      [rows, width],
      random.fill(rows * width, () => random.normal(0.05)),
    );
  const path = join(folder, 'weights.safetensors');
  const tensors = { 'fc.weight': drawn(16, 128), 'odd one.weight': drawn(5, 7) };
  writeFileSync(path, writeSafetensors({ ...tensors, 'fc.bias': drawn(1, 16) }));
  return path;
}

test('weights are measured by some methods: table, report, CSV and SVG', { tag: '@long' }, async ({
  folder,
}) => {
  const [report = '', csv = '', svg = ''] = ['r.json', 'r.csv', 'r.svg'].map((name) =>
    join(folder, name),
  );
  const globs = ['--methods', 'nf4', '--methods', 'mlx', '--methods', 'f16'];
  const files = ['--report', report, '--csv', csv, '--svg', svg];
  const args = ['quantize', '--data', weights(folder), ...globs, ...files];
  const { status, stdout, stderr } = await gradproof(args);
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toContain('2 layers together');
  expect(stdout).toMatch(/^\* nf4 +4 +64 /m);
  expect(stdout).toMatch(/mlx .*only 1 of 2 layers: odd one 5x7 by mlx: rows of 7/);
  const { kind, results } = readReport(readFileSync(report, 'utf8'), report);
  expect(kind).toBe('run');
  expect(results.map(({ id, status: one }) => `${id} ${one}`)).toEqual([
    'quantize.f16:fc;bits=16;group=tensor pass',
    'quantize.f16:odd%20one;bits=16;group=tensor pass',
    'quantize.mlx:fc;bits=4;group=64 pass',
    'quantize.mlx:odd%20one;bits=4;group=64 skip',
    'quantize.nf4:fc;bits=4;group=64 pass',
    'quantize.nf4:odd%20one;bits=4;group=64 pass',
  ]);
  expect(readFileSync(csv, 'utf8')).toContain('metrics.output-error');
  expect(readFileSync(svg, 'utf8')).toMatch(/^<svg .*<\/svg>\n$/s);
});

test('weights are saved in the layout of a method, and nothing where it refuses all', async ({
  folder,
}) => {
  const data = weights(folder);
  const out = join(folder, 'out.safetensors');
  const saving = ['quantize', '--data', data, '--out', out, '--method'];
  const none = await gradproof([...saving, 'mlx', '--group', '32', '--bits', '7']);
  expect([none.status, none.stderr]).toEqual([2, expect.stringMatching(/bits 7 of mlx: give 4/)]);
  expect(existsSync(out)).toBe(false);
  const { status, stdout, stderr } = await gradproof([
    ...[...saving, 'mlx', '--group', '32', '--bits', '8'],
  ]);
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toContain(
    `${out}: 1 of 2 layers quantized by mlx; in floats as they were: odd one\n`,
  );
  const { tensors, metadata } = readSafetensors(new Uint8Array(readFileSync(out)));
  expect([...tensors].map(([name, { dtype, shape }]) => [name, dtype, shape]).sort()).toEqual([
    ['fc.bias', 'F32', [1, 16]],
    ['fc.biases', 'F32', [16, 4]],
    ['fc.scales', 'F32', [16, 4]],
    ['fc.weight', 'U32', [16, 32]],
    ['odd one.weight', 'F32', [5, 7]],
  ]);
  expect(metadata.get('quantizer')).toBe('mlx;bits=8;group=32');
});

test('weights that cannot be saved are refused before they are measured, or keep no report from being written', async ({
  folder,
}) => {
  const data = join(folder, 'taken.safetensors');
  const zeros = hostTensorFrom('f32', [4, 64], new Float64Array(256));
  const taken = { 'fc.scale': zeros, 'fc.weight.quant_map': zeros };
  writeFileSync(data, writeSafetensors({ 'fc.weight': zeros, ...taken }));
  const [out = '', report = ''] = ['out.safetensors', 'r.json'].map((name) => join(folder, name));
  const saving = (method: string) =>
    gradproof([
      ...['quantize', '--data', data, '--out', out],
      '--report',
      report,
      '--method',
      method,
    ]);
  const early = await saving('hqq');
  expect([early.status, early.stderr]).toEqual([
    2,
    `gradproof: --out ${out}: hqq stores a part as fc.scale, which the file has already: choose another method\n`,
  ]);
  expect(early.stdout).not.toContain('quantizing on');
  // Which tensors bitsandbytes has beside codes and scales is known when these are.
  const late = await saving('nf4');
  expect([late.status, late.stderr]).toEqual([
    2,
    `gradproof: --out ${out}: nf4 stores a part as fc.weight.quant_map, which the file has already: choose another method\n`,
  ]);
  expect(readReport(readFileSync(report, 'utf8'), report).results).toHaveLength(1);
  expect(existsSync(out)).toBe(false);
});

test('weights that would all be saved as infinities are not, and the status says so', async ({
  folder,
}) => {
  const [data = '', out = ''] = ['large', 'out'].map((name) => join(folder, `${name}.safetensors`));
  const large = hostTensorFrom('f32', [2, 4], new Float64Array(8).fill(1e5));
  writeFileSync(data, writeSafetensors({ 'fc.weight': large }));
  const { status, stdout } = await gradproof([
    ...['quantize', '--data', data, '--method', 'f16', '--out', out],
  ]);
  expect(status).toBe(1);
  expect(stdout).toContain(`${out} is not written: no layer could be quantized: f16 decodes it to`);
  expect(existsSync(out)).toBe(false);
});

test('a browser measures and saves what Node does', { tag: '@long' }, async ({ folder }) => {
  const data = weights(folder);
  const from = async (runtime: string) => {
    const [report = '', out = ''] = ['json', 'safetensors'].map((end) =>
      join(folder, `${runtime}.${end}`),
    );
    const given = ['--data', data, '--method', 'nf4', '--report', report, '--out', out];
    const { status, stdout, stderr } = await gradproof([
      ...['quantize', '--runtime', runtime],
      ...given,
    ]);
    expect([status, stderr]).toEqual([0, '']);
    const { environments, results } = readReport(readFileSync(report, 'utf8'), report);
    const { tensors } = readSafetensors(new Uint8Array(readFileSync(out)));
    return { stdout, environments, results, tensors };
  };
  const node = await from('node');
  const chromium = await from('chromium');
  expect([node, chromium].map(({ environments: [one] }) => one?.runtime)).toEqual([
    ...['node', 'chromium'],
  ]);
  expect(chromium.stdout).toMatch(/^quantizing on .*Chrom/m);
  const idsOf = ({ results }: typeof node) => results.map(({ id, status }) => `${id} ${status}`);
  expect(idsOf(chromium)).toEqual(idsOf(node));
  for (const [i, { metrics = {} }] of node.results.entries()) {
    const other = chromium.results[i]?.metrics ?? {};
    expect(other['bytes']).toBe(metrics['bytes']);
    const error = metrics['weight-error'] as number;
    expect(Math.abs((other['weight-error'] as number) / error - 1)).toBeLessThan(1e-3);
  }
  const partsOf = ({ tensors }: typeof node) =>
    [...tensors].map(([name, { dtype, shape }]) => [name, dtype, shape]);
  expect(partsOf(chromium)).toEqual(partsOf(node));
  for (const [name, stored] of node.tensors) {
    const other = float64Of(chromium.tensors.get(name) as typeof stored);
    const off = float64Of(stored).filter((x, k) => Math.abs(x - (other[k] as number)) > 0);
    // A code beside a threshold may be either, on another adapter.
    expect([name, off.length <= other.length / 100]).toEqual([name, true]);
  }
});

const OF_BRIDGE = fileURLToPath(new URL('../../bridge/tests/saved/', import.meta.url));

/** What each file of the bridge's tests is quantized by. */
const SAVED: Readonly<Record<string, string>> = {
  nf4_double: '--method nf4 --quant-scale',
  mlx: '--method mlx',
  hqq: '--method hqq --bits 3 --axis 0',
  quanto_int: '--method quanto_int --group 32',
  q4_0: '--method q4_0',
  onnx_nbits_4: '--method onnx_nbits --bits 4 --group 16',
  onnx_nbits_8: '--method onnx_nbits --bits 8 --group 16',
};

test('what libraries read in the tests of the bridge is what is saved', {
  tag: '@long',
}, async ({ folder }) => {
  const out = join(folder, 'out.safetensors');
  const data = join(OF_BRIDGE, 'weights.safetensors');
  const read = (path: string) => readSafetensors(new Uint8Array(readFileSync(path)));
  // What is decoded differs in its last bits on another adapter.
  const told = (metadata: ReadonlyMap<string, string>) =>
    [...metadata].map(([key, value]) => (key.startsWith('decoded.') ? key : `${key} ${value}`));
  for (const [name, by] of Object.entries(SAVED)) {
    const given = ['--data', data, ...by.split(' '), '--out', out];
    const { status, stderr } = await gradproof(['quantize', ...given]);
    expect([status, stderr]).toEqual([0, '']);
    const made = read(out);
    const { tensors, metadata } = read(join(OF_BRIDGE, `${name}.safetensors`));
    expect(told(made.metadata)).toEqual(told(metadata));
    expect([...made.tensors.keys()]).toEqual([...tensors.keys()]);
    for (const [name, stored] of tensors) {
      const actual = made.tensors.get(name) as typeof stored;
      expect([name, actual.dtype, actual.shape]).toEqual([name, stored.dtype, stored.shape]);
      if (stored.dtype === 'I64') {
        expect([name, actual.bytes]).toEqual([name, stored.bytes]);
        continue;
      }
      const values = float64Of(actual);
      // Scales may differ by their quotient on another adapter; codes are whole numbers.
      for (const [i, expected] of float64Of(stored).entries())
        expect(Math.abs((values[i] as number) - expected)).toBeLessThanOrEqual(
          4 * 2 ** -23 * Math.abs(expected),
        );
    }
  }
});

test('blocks of ggml are saved as the .gguf file that its library reads in the tests of the bridge', {
  tag: '@long',
}, async ({ folder }) => {
  const out = join(folder, 'out.gguf');
  const saving = ['quantize', '--data', join(OF_BRIDGE, 'weights.safetensors'), '--out', out];
  const none = await gradproof([...saving, '--method', 'nf4']);
  expect([none.status, none.stderr]).toEqual([
    2,
    expect.stringMatching(/^gradproof: --out .*out\.gguf: a \.gguf file holds q4_0 and q8_0 alone/),
  ]);
  expect(existsSync(out)).toBe(false);
  const { status, stderr } = await gradproof([...saving, '--method', 'q8_0']);
  expect([status, stderr]).toEqual([0, '']);
  const [made, kept] = [out, join(OF_BRIDGE, 'q8_0.gguf')].map((path) =>
    readGguf(new Uint8Array(readFileSync(path))),
  );
  expect(made).toEqual(kept);
});

test('an interrupted measurement saves no weights', async ({ folder }) => {
  const out = join(folder, 'out.safetensors');
  const { status, stdout } = await gradproof(['quantize', '--method', 'hqq', '--out', out], {
    interruptAt: /quantizing on/,
  });
  expect(status).toBe(130);
  expect(stdout).toContain('it ended before every layer was quantized');
  expect(existsSync(out)).toBe(false);
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebGpuBackend } from '../../backends/webgpu.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { hasLibraries } from '../../harness/python-check/fixtures/libraries.ts';
import { verifiedFiles } from '../../harness/python-check/fixtures/verified-files.ts';
import { quantizedFile } from '../../quantizer/choosing/quantized-file.ts';
import { schemesOf, type WholeChoice } from '../../quantizer/choosing/schemes.ts';
import { type StoredLayer, storedLayer } from '../../quantizer/choosing/stored.ts';
import { schemeKey } from '../../quantizer/choosing/totals.ts';
import { namedWeight } from '../../quantizer/choosing/weight-source.ts';
import type { HostTensor } from '../../tensor/host.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

let gpu: Gpu;
let folder: string;

beforeAll(async () => {
  gpu = await softwareGpu();
  folder = mkdtempSync(join(tmpdir(), 'gradproof-saved-'));
});
afterAll(() => {
  gpu[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

const HQQ = { method: 'hqq', bits: 4, groupSize: 64, axis: 0 } as const;

/** What is usual of each method, and what else of it has another layout. */
const SCHEMES: readonly WholeChoice[] = [
  ...schemesOf(() => true, false),
  ...['nf4', 'fp4'].map((method) => ({ method, bits: 4, groupSize: 64, quantScale: true })),
  ...[2, 3, 5, 6, 8].map((bits) => ({ method: 'mlx', bits, groupSize: 32 })),
  { ...HQQ, bits: 8, quantScale: true },
  { ...HQQ, axis: 1, quantZero: true, quantScale: true },
  { ...HQQ, bits: 3, groupSize: 32, quantZero: true, quantScale: true },
  { ...HQQ, bits: 2, axis: 1, groupSize: 16, quantZero: true },
  { ...HQQ, bits: 1, groupSize: 32, quantZero: true, quantScale: true },
  { method: 'quanto_int', bits: 2, groupSize: 'channel', axis: 0 },
  { method: 'quanto_int', bits: 4, groupSize: 32, axis: 0 },
  { method: 'quanto_int', bits: 4, groupSize: 32, axis: -1 },
  { method: 'quanto_int', bits: 2, groupSize: 'channel', axis: -1 },
  { method: 'quanto_int8', bits: 8, groupSize: 'channel', axis: -1 },
  { method: 'quanto_float8', bits: 8, groupSize: 'channel', axis: -1 },
  { method: 'onnx_nbits', bits: 8, groupSize: 16 },
  { method: 'int8', bits: 8, groupSize: 'tensor' },
];

/** Methods that no library has. */
const OURS: readonly string[] = ['ternary', 'ternary_base3', 'bitnet', 'bitnet_int8'];

/** The layer with one code one off. */
function offByOne(layer: StoredLayer, { method, bits }: WholeChoice): StoredLayer {
  const [[name, part]] = Object.entries(layer.parts) as [[string, HostTensor]];
  const data = part.data.slice();
  // The last two codes of ten in a word only fill rows up.
  const lowest = method === 'hqq' && bits === 3 ? 2 ** 6 : 1;
  data[0] = (data[0] as number) ^ lowest;
  return { ...layer, parts: { ...layer.parts, [name]: { ...part, data } } };
}

test.skipIf(!hasLibraries())(
  'each library decodes what is saved for it to the same weight, bit for bit',
  async () => {
    const drawn = namedWeight({ layer: 'fc', shape: [64, 128], seed: 3, stream: 0 });
    const backend = new WebGpuBackend(gpu);
    const expected: Record<string, string> = {};
    for (const scheme of SCHEMES) {
      const stored = await storedLayer(gpu, backend, drawn, scheme);
      const of = { file: undefined, weights: [stored], scheme };
      const name = schemeKey(scheme).replaceAll(/[;=]/g, '-');
      const file = Buffer.concat(quantizedFile([stored], of));
      writeFileSync(join(folder, `${name}.safetensors`), file);
      const off = Buffer.concat(quantizedFile([offByOne(stored, scheme)], of));
      writeFileSync(join(folder, `${name}.off.safetensors`), off);
      const hasLibrary = !OURS.includes(scheme.method);
      expected[`${name}.safetensors`] = hasLibrary
        ? 'agrees'
        : 'not-checked no library has this layout';
      expected[`${name}.off.safetensors`] = hasLibrary
        ? 'deviates fc is decoded to something else'
        : 'not-checked no library has this layout';
    }
    expect(verifiedFiles(folder)).toEqual(expected);
  },
);

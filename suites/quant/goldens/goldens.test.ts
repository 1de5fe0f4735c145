import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { covers } from '../../../src/catalog/covers.ts';
import { schemeOf } from '../../../src/quantizer/registry.ts';
import { FLUSH } from '../../../src/reference/bounds.ts';
import { valuesOf } from '../../../src/tensor/host.ts';
import { sizeOf } from '../../../src/tensor/shape.ts';
import { parseShape } from '../../../src/testing/suite.ts';
import type { GoldenFile } from './golden.ts';
import goldens from './goldens.json' with { type: 'json' };
import { drawnWeight } from './weights.ts';

const FILE = goldens as GoldenFile;

/** JSON as Python writes it without spaces, its keys in order. */
function canonical(x: unknown): string {
  if (Array.isArray(x)) return `[${x.map(canonical).join(',')}]`;
  if (typeof x !== 'object' || x === null) return JSON.stringify(x);
  const entries = Object.entries(x).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${canonical(value)}`).join(',')}}`;
}

test(
  'every golden names library and version, and the SHA-256 of the file holds',
  covers('fsdp.quantization.verification-across-backends/goldens-provenance').control(
    'the hash is of another file',
    {
      file: 'suites/quant/goldens/goldens.json',
      from: '"schema": "gradproof-goldens/1",\n  "sha256": "',
      to: '"schema": "gradproof-goldens/1",\n  "sha256": "0',
    },
  ),
  () => {
    expect(FILE.schema).toBe('gradproof-goldens/1');
    const hash = createHash('sha256').update(canonical(FILE.goldens)).digest('hex');
    expect(hash).toBe(FILE.sha256);
    for (const { producer, inputs, outputs } of FILE.goldens) {
      expect(producer).toMatch(/^[a-z-]+ \d+(\.\w+)+( \+ [a-z-]+ \d+(\.\w+)+)*$/);
      for (const { sha256 } of [...Object.values(inputs), ...Object.values(outputs)])
        expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    }
  },
);

test.each([
  ['qint4', 4],
  ['qint2', 2],
])('groups that are left open are those of the modules of Quanto in %s', (weights, bits) => {
  const golden = FILE.goldens.find(({ name }) => name === `quanto-groups-${weights}`);
  const ints = (entry: { readonly base64?: string } | undefined) => [
    ...new Int32Array(Uint8Array.from(Buffer.from(entry?.base64 ?? '', 'base64')).buffer),
  ];
  const widths = ints(golden?.inputs['widths']);
  expect(widths.length).toBeGreaterThan(10);
  const groups = widths.map((width) => {
    const { choice } = schemeOf({ method: 'quanto_int', bits }, [8, width / 2, 2]);
    return choice.group === 'channel' ? 0 : choice.group;
  });
  expect(groups).toEqual(ints(golden?.outputs['groups']));
});

const METHODS = ['nf4', 'fp4', 'int8', 'hqq', 'mlx', 'quanto', 'ternary'];

test(
  'seven methods have a golden of 4096 weights with zeros, denormals, outliers and constants',
  covers('fsdp.quantization.verification-across-backends/golden-vectors').control(
    'no block is constant',
    { file: 'suites/quant/goldens/weights.ts', from: 'return 0.375;', to: 'return usual;' },
  ),
  () => {
    for (const method of METHODS) {
      const golden = FILE.goldens.find(({ name }) => name === `vector-${method}`);
      const [weight] = Object.values(golden?.inputs ?? {});
      expect(weight?.drawn, method).toBe('blocks');
      expect(sizeOf(parseShape(weight?.shape ?? '')), method).toBe(4096);
    }
    const data = valuesOf(drawnWeight('blocks', 'f32', [32, 128]));
    const blocks = Array.from({ length: 64 }, (_, b) => data.slice(64 * b, 64 * b + 64));
    const count = (is: (block: Float64Array) => boolean) => blocks.filter(is).length;
    const largest = (block: Float64Array) =>
      block.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    const first = (block: Float64Array) => block[0] as number;
    const constant = (block: Float64Array) => block.every((x) => x === first(block));
    expect(count((block) => largest(block) === 0)).toBe(3);
    expect(count((block) => largest(block) > 0 && largest(block) < FLUSH)).toBe(3);
    expect(count((block) => largest(block) >= 1000)).toBe(3);
    expect(count((block) => constant(block) && first(block) !== 0)).toBe(5);
  },
);

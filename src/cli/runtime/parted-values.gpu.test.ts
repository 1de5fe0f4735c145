import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Gpu } from '../../gpu/gpu.ts';
import { ModelValues } from '../../models/values.ts';
import { isQuantized } from '../../quant/weight.ts';
import { createQuantizer, type ReplaceableValues } from '../../quantizer/quantizer.ts';
import { filledTensor } from '../../tensor/host.ts';
import { Random } from '../../tensor/random.ts';
import { HostHome } from '../../tensor/value-home.ts';
import { ENGINE } from '../../train/engine-quantizer.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** Models are quantized beside a trained table whose rows lie in several tensors. */

let gpu: Gpu;
beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());

const TABLE = 'model.embed_tokens.weight';
const random = new Random(3);
const drawn = (rows: number) => filledTensor('f32', [rows, 64], () => random.normal(0.05));
const GIVEN = [
  [TABLE, drawn(256)],
  ['lm_head.weight', drawn(256)],
  ['fc.weight', drawn(32)],
] as const;
const rowsOf = (_: string, [rows = 0]: readonly number[]) =>
  rows > 128 ? [128, rows - 128] : [rows];
const quantizer = () => createQuantizer(ENGINE, { method: 'nf4' });
const quantizedIn = ({ names, inRows, view }: ReplaceableValues) =>
  names.filter((name) => !inRows?.(name) && isQuantized(view(name)));

test('a linear is quantized, and the tables keep their rows where they were', async () => {
  using values = new ModelValues(gpu, GIVEN, [], { rowsOf });
  const rules = [{ layers: 'lm_head', to: 'keep' as const }];
  const report = quantizer().quantizeModel({ values }, { rules });
  expect(report.layers.map(({ name }) => name)).toEqual(['fc']);
  expect(report.kept).toEqual([TABLE, 'lm_head.weight']);
  expect(report.bytesBefore).toBe(4 * 64 * (256 + 256 + 32));
  expect(report.bytesAfter).toBe(4 * 64 * 512 + 32 * 32 + 4 * 32);
  expect(quantizedIn(values)).toEqual(['fc.weight']);
  for (const [name, host] of GIVEN.slice(0, 2)) {
    const parts = values.tensors(name);
    expect(parts.map(({ shape }) => shape)).toEqual([
      [128, 64],
      [128, 64],
    ]);
    const read = await Promise.all(parts.map(async (part) => [...(await part.read()).data]));
    expect(read.flat()).toEqual([...host.data]);
  }
});

test('a linear whose rows lie in several tensors is refused by name, and nothing is changed', () => {
  using values = new ModelValues(gpu, GIVEN, [], { rowsOf });
  const before = gpu.memory.ledger.liveBytes;
  expect(() => quantizer().quantizeModel({ values })).toThrow(
    'lm_head: its rows lie in 2 tensors, and one is quantized: keep it by a rule',
  );
  expect(gpu.memory.ledger.liveBytes).toBe(before);
  expect(quantizedIn(values)).toEqual([]);
});

test('what is trained in a home is refused, since its content would be read', () => {
  const home = new HostHome({ toDevice: 0, toHost: 0 });
  using values = new ModelValues(gpu, [['fc.weight', drawn(32)]], [], { home });
  using _ = values.holding(() => true);
  expect(() => quantizer().quantizeModel({ values })).toThrow(
    'what is trained is not on the device',
  );
  expect(quantizedIn(values)).toEqual([]);
});

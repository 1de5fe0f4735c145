import { expect, test } from 'vitest';
import { hostGpu } from '../gpu/fixtures/host-gpu.ts';
import { hostTensorFrom } from '../tensor/host.ts';
import { Segments } from './segments.ts';

/** 0, 1, 2, ... in pieces of 256, 64 and 64. */
async function setUp() {
  const { gpu } = await hostGpu();
  const values = Float32Array.from({ length: 384 }, (_, i) => i);
  return { gpu, values, segments: new Segments(gpu, [256, 64, 64], values) };
}

test('pieces are read back as the whole that they were cut from', async () => {
  const { values, segments } = await setUp();
  using _ = segments;
  expect(segments.pieces.map(({ shape }) => shape)).toEqual([[256], [64], [64]]);
  expect(await segments.read()).toEqual({ dtype: 'f32', shape: [384], data: values });
});

test.each([
  ['by default at the start', undefined, 0],
  ['near the end of the first piece', 192 * 4, 192],
  ['at the start of the second piece', 256 * 4, 256],
  ['at the start of the last piece', 320 * 4, 320],
])('a part is taken %s', async (_, offset, first) => {
  const { segments } = await setUp();
  using _segments = segments;
  const part = segments.view([2, 2], offset === undefined ? {} : { offset });
  const { shape, data } = await part.read();
  expect([shape, [...data]]).toEqual([
    [2, 2],
    [first, first + 1, first + 2, first + 3],
  ]);
});

test('all pieces are overwritten, from the host or from another', async () => {
  const { gpu, values, segments } = await setUp();
  using _ = segments;
  using other = new Segments(gpu, [256, 64, 64], new Float32Array(384));
  other.copyFrom(segments);
  expect((await other.read()).data).toEqual(values);
  const negative = values.map((x) => -1 - x);
  segments.write(hostTensorFrom('f32', [384], negative));
  expect((await segments.read()).data).toEqual(negative);
  expect((await other.read()).data).toEqual(values);
});

test('pieces go with the whole', async () => {
  const { gpu, segments } = await setUp();
  expect(gpu.memory.ledger.liveBytes).toBe(384 * 4);
  segments[Symbol.dispose]();
  expect(gpu.memory.ledger.liveBytes).toBe(0);
});

test('nothing is left of what does not fit in memory', async () => {
  const { gpu } = await hostGpu();
  gpu.memory.budgetBytes = 20;
  expect(() => new Segments(gpu, [4, 4], new Float32Array(8))).toThrow('20');
  expect(gpu.memory.ledger.liveBytes).toBe(0);
});

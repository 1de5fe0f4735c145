import { expect, test } from 'vitest';
import type { Architecture } from '../formats/hugging-face/architecture.ts';
import { PRESETS } from './presets.ts';
import { memoryFacts, roomFor } from './room.ts';
import { DEFAULT_SETUP } from './setup.ts';
import { sheetOf } from './sheet.ts';
import { measuredSpeed } from './speed.ts';

const GB = 2 ** 30;

test('room is judged by the given memory, else the main memory, else not at all', () => {
  expect(roomFor(5 * GB, {})).toBe('unknown');
  expect(roomFor(5 * GB, { device: 16 * GB })).toBe('fits');
  expect(roomFor(9 * GB, { device: 16 * GB })).toBe('tight');
  expect(roomFor(9 * GB, { device: 8 * GB, capped: true })).toBe('unknown');
  expect(roomFor(5 * GB, { device: 4 * GB })).toBe('too-large');
  expect(roomFor(5 * GB, { device: 4 * GB, told: 24 * GB })).toBe('fits');
  expect(roomFor(23 * GB, { told: 24 * GB })).toBe('tight');
  expect(roomFor(25 * GB, { told: 24 * GB })).toBe('too-large');
  expect(memoryFacts({ maxBufferSize: 5 }, 8)).toEqual({
    device: 8 * GB,
    capped: true,
    largestBuffer: 5,
  });
});

const timed = (id: string, flops: number, medianMs: number, status = 'pass') => ({
  ...{ id, status, metrics: { flops }, timing: { medianMs } },
});

test('speed is that of right 4-bit products', () => {
  expect(
    measuredSpeed([
      timed('speed.ops:silu', 1e9, 1),
      timed('speed.ops:product-4bit-512', 4e9, 1, 'fail'),
    ]),
  ).toBeUndefined();
  expect(
    measuredSpeed([
      timed('speed.ops:product-4bit-32', 1e9, 2),
      timed('speed.ops:product-4bit-gradient-512', 4e9, 4),
    ]),
  ).toEqual({ slowest: 5e11, fastest: 1e12, cases: 2 });
});

const OWN: Architecture = {
  ...{ family: 'llama', vocabulary: 10, context: 64, tied: true },
  ...{ layers: 1, hidden: 8, heads: 2, kvHeads: 1, headDim: 4, intermediate: 16 },
};

test('the model of a person comes first, and published ones as ever smaller than the next', () => {
  const rows = sheetOf(DEFAULT_SETUP, { memory: {} }, OWN);
  expect(rows.map(({ name }) => name)).toEqual([undefined, ...PRESETS.map(({ name }) => name)]);
  const [own, ...rest] = rows;
  // 80 of the table, 8 + 16 of norms, 2 x 64 + 2 x 32 + 3 x 128 of linears.
  expect(own?.parameters).toBe(680);
  expect(rest.map(({ parameters }) => parameters)).toEqual(
    rest.map(({ parameters }) => parameters).toSorted((a, b) => a - b),
  );
  expect(own?.seconds, 'nothing was measured').toBeUndefined();
  expect(own?.room).toBe('unknown');
  expect(sheetOf(DEFAULT_SETUP, { memory: {} })).toHaveLength(PRESETS.length);
});

test('says what must be split, whether it fits, and how long the examples take', () => {
  const here = {
    memory: { largestBinding: 2 ** 28, largestBuffer: 2 ** 30, told: 2 * GB },
    speed: { slowest: 1e12, fastest: 2e12, cases: 3 },
  };
  const rows = sheetOf({ ...DEFAULT_SETUP, examples: 10 }, here);
  // 272,269,312 bytes for bindings of 268,435,456.
  expect(rows[0]?.splits).toEqual([{ name: 'model.embed_tokens', bytes: 272_269_312, count: 2 }]);
  expect(rows[0]?.room).toBe('fits');
  expect(rows.at(-1)?.room).toBe('too-large');
  expect(rows[0]?.seconds).toEqual([8.21840314368, 16.43680628736]);
});

test('a model that the method refuses says why, and has no figures', () => {
  const [own] = sheetOf({ ...DEFAULT_SETUP, method: 'mlx' }, { memory: {} }, OWN);
  expect(own).toEqual({
    parameters: 680,
    context: 64,
    refusal: 'rows of 8 elements are no groups of 64',
  });
});

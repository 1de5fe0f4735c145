import { describe, expect, test } from 'vitest';
import { hostGpu } from '../gpu/fixtures/host-gpu.ts';
import { filledTensor, hostTensorFrom } from '../tensor/host.ts';
import { FlatParameters } from './flat-parameters.ts';
import { loadState } from './state-dict.ts';

const row = (...values: readonly number[]) => hostTensorFrom('f32', [values.length], values);
const NAMES = ['a', 'b', 'c'] as const;

async function parameters() {
  const { gpu } = await hostGpu();
  const initial = NAMES.map((name, i) => [name, row(i, i)] as const);
  const flat = new FlatParameters(gpu, new Map(initial));
  const read = async () =>
    Object.values(await flat.read()).map(({ data }) => [...data] as readonly number[]);
  return { flat, read, live: () => gpu.memory.ledger.liveBytes };
}

const FITS = { a: row(5, 6), b: row(7, 8), c: row(9, 10) };

describe('a state dict', () => {
  test('takes the place of all parameters', async () => {
    const { flat, read, live } = await parameters();
    const before = live();
    expect(loadState(flat, FITS)).toEqual({ missing: [], unexpected: [], mismatched: [] });
    expect(await read()).toEqual([
      [5, 6],
      [7, 8],
      [9, 10],
    ]);
    expect(live()).toBe(before);
  });

  test('may hold values in other element types', async () => {
    const { flat, read } = await parameters();
    const state = {
      a: hostTensorFrom('bf16', [2], [0.5, -3]),
      b: hostTensorFrom('f16', [2], [0.25, 65504]),
      c: hostTensorFrom('i32', [2], [-2, 7]),
    };
    expect(loadState(flat, state)).toEqual({ missing: [], unexpected: [], mismatched: [] });
    expect(await read()).toEqual([
      [0.5, -3],
      [0.25, 65504],
      [-2, 7],
    ]);
  });

  test('is cut where rows of a parameter lie in several tensors', async () => {
    const { gpu } = await hostGpu();
    const blank = hostTensorFrom('f32', [3, 64], new Array<number>(192).fill(0));
    const rowsOf = () => [2, 1];
    using flat = new FlatParameters(gpu, new Map([['t', blank]]), { segmentBytes: 512, rowsOf });
    const state = { t: filledTensor('f32', [3, 64], (i) => i) };
    loadState(flat, state);
    expect(await flat.read()).toEqual(state);
    const other = { t: filledTensor('f32', [2, 64], (i) => i) };
    expect(() => loadState(flat, other)).toThrow('mismatched: t (expected 3x64, got 2x64)');
  });

  const { b: _, ...MISSING } = FITS;
  const differences = {
    missing: ['b'],
    unexpected: ['d'],
    mismatched: [{ name: 'c', expected: [2], got: [1] }],
  };
  test.each<[object, object, string]>([
    [
      { ...MISSING, c: row(1), d: row(1, 2) },
      differences,
      'missing: b; unexpected: d; mismatched: c (expected 2, got 1)',
    ],
    [MISSING, { missing: ['b'], unexpected: [], mismatched: [] }, 'missing: b'],
    [
      { ...FITS, d: row(1, 2), e: row(1) },
      { missing: [], unexpected: ['d', 'e'], mismatched: [] },
      'unexpected: d, e',
    ],
    [
      { ...FITS, a: hostTensorFrom('f32', [2, 1], [1, 2]) },
      {
        missing: [],
        unexpected: [],
        mismatched: [{ name: 'a', expected: [2], got: [2, 1] }],
      },
      'mismatched: a (expected 2, got 2x1)',
    ],
  ])('that differs is refused before anything is written (%#)', async (state, difference, what) => {
    const { flat, read } = await parameters();
    let error: unknown;
    try {
      loadState(flat, state as typeof FITS);
    } catch (caught) {
      error = caught;
    }
    expect(error).toMatchObject({
      code: 'state-dict',
      message: `the state does not fit, ${what}: load it into the model that it was saved from, or give strict: false`,
      difference,
    });
    expect(await read()).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
    ]);
  });

  test('with a name that every object has is unexpected', async () => {
    const { flat } = await parameters();
    expect(() => loadState(flat, { ...FITS, constructor: row(1) })).toThrow(
      'the state does not fit, unexpected: constructor:',
    );
  });

  test('that differs gives what fits where it need not be strict', async () => {
    const { flat, read } = await parameters();
    const state = { ...MISSING, c: row(1), d: row(1, 2) };
    expect(loadState(flat, state, { strict: false })).toEqual(differences);
    expect(await read()).toEqual([
      [5, 6],
      [1, 1],
      [2, 2],
    ]);
  });
});

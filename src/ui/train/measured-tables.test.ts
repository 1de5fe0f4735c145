import { describe, expect, test } from 'vitest';
import { rowsTold } from '../../ops/tuning/told.ts';
import { MeasuredTables, type TableShelf } from './measured-tables.ts';

const ADAPTER = {
  ...{ vendor: 'google', architecture: 'swiftshader', device: '', description: '' },
  isFallback: true,
};
const TABLE = { '1: softmax, rows from 64': 'serial' };
const OTHER = { '1: softmax, rows from 64': 'row-per-workgroup' };

/** A shelf in memory, and tables on it that tell how often they were measured. */
function kept(shelf: TableShelf | undefined = inMemory()) {
  const tables = new MeasuredTables('measured', () => shelf);
  let measured = 0;
  const rowsFor = (adapter = ADAPTER, table: Readonly<Record<string, string>> = TABLE) =>
    tables.rowsFor(adapter, async () => {
      measured += 1;
      return table;
    });
  return { rowsFor, count: () => measured };
}

function inMemory(known = new Map<string, unknown>()): TableShelf {
  return {
    get: async (key) => known.get(key),
    set: async (key, table) => void known.set(key, table),
  };
}

describe('a table', () => {
  test('is measured once for an adapter, and kept as a report tells it', async () => {
    const known = new Map<string, unknown>();
    const { rowsFor, count } = kept(inMemory(known));
    expect(await rowsFor()).toEqual(rowsTold(TABLE));
    expect(await rowsFor(ADAPTER, OTHER)).toEqual(rowsTold(TABLE));
    expect(count()).toBe(1);
    expect([...known.values()]).toEqual([TABLE]);
  });

  test('that has something unmeasured is given to what measures the rest', async () => {
    const known = new Map<string, unknown>();
    const partly = { ...TABLE, '2: topk, rows from 64': 'unmeasured' };
    const tables = new MeasuredTables('measured', () => inMemory(known));
    const asked: unknown[] = [];
    const measuring = (table: typeof TABLE) =>
      tables.rowsFor(ADAPTER, async (before) => {
        asked.push(before);
        return table;
      });
    expect(await measuring(partly)).toEqual(rowsTold(partly));
    expect(await measuring(TABLE)).toEqual(rowsTold(TABLE));
    await measuring(OTHER);
    expect(asked).toEqual([undefined, rowsTold(partly)]);
    expect([...known.values()]).toEqual([TABLE]);
  });

  test('is that of its adapter', async () => {
    const { rowsFor, count } = kept();
    await rowsFor();
    const other = await rowsFor({ ...ADAPTER, architecture: 'gen-12lp' }, OTHER);
    expect(other).toEqual(rowsTold(OTHER));
    expect(count()).toBe(2);
  });

  test('is that of what was measured: a fine-tuning asks for other classes than a bench', async () => {
    const shelf = inMemory();
    const measured = new MeasuredTables('measured', () => shelf);
    const forTraining = new MeasuredTables('measured-for-training', () => shelf);
    await measured.rowsFor(ADAPTER, async () => TABLE);
    expect(await forTraining.rowsFor(ADAPTER, async () => OTHER)).toEqual(rowsTold(OTHER));
    expect(await measured.rowsFor(ADAPTER, async () => OTHER)).toEqual(rowsTold(TABLE));
  });

  test.each([
    ['is of another kind', 7],
    ['has a row that no table has', { '1: softmax, vendor intel': 'serial' }],
  ])('is measured anew where what is kept %s', async (_, found) => {
    const { rowsFor, count } = kept({ get: async () => found, set: async () => {} });
    expect(await rowsFor()).toEqual(rowsTold(TABLE));
    expect(count()).toBe(1);
  });

  test('is measured for each run where the browser keeps nothing', async () => {
    const refused = () => Promise.reject(new DOMException('no storage', 'InvalidStateError'));
    const { rowsFor, count } = kept({ get: refused, set: refused });
    for (const times of [1, 2]) {
      expect(await rowsFor()).toEqual(rowsTold(TABLE));
      expect(count()).toBe(times);
    }
  });

  test('that cannot be measured leaves nothing', async () => {
    const known = new Map<string, unknown>();
    const tables = new MeasuredTables('measured', () => inMemory(known));
    const fails = () => Promise.reject(new Error('no device'));
    await expect(tables.rowsFor(ADAPTER, fails)).rejects.toThrow('no device');
    expect(known.size).toBe(0);
  });
});

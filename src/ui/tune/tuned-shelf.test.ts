import { expect, test } from 'vitest';
import type { TunedRun } from './tuned-run.ts';
import { TunedShelf, type TunedStore } from './tuned-shelf.ts';

/** A store in memory, with what lies there. */
function storeOf(lying: ReadonlyMap<string, unknown>) {
  const all = new Map(lying);
  const store: TunedStore = {
    list: async () => [...all],
    put: async (run) => void all.set(run.id, run),
    remove: async (id) => void all.delete(id),
  };
  return { all, store };
}

const runOf = (id: string): TunedRun => ({
  ...{ id, model: 'tiny', data: 'tales', settings: {}, steps: 1, losses: [[1, 2]], heldout: [] },
  fileBytes: 3,
});

test('what cannot be read is listed with its size, and goes when it is deleted', async () => {
  const weights = { files: [new File(['x'.repeat(500)], 'adapter.safetensors')] };
  const { all, store } = storeOf(
    new Map<string, unknown>([
      ['2026-11-01', runOf('2026-11-01')],
      ['older', { id: 'older', weights }],
      ['text', 'no run'],
      ['2026-11-02', runOf('2026-11-02')],
      ['nothing', undefined],
    ]),
  );
  const shelf = new TunedShelf(() => store);
  await shelf.load();
  expect(shelf.runs.value.map(({ id }) => id)).toEqual(['2026-11-02', '2026-11-01']);
  const told = JSON.stringify({ id: 'older', weights: { files: [null] } }).length;
  expect(shelf.foreign.value).toEqual([
    { id: 'older', bytes: 500 + told },
    { id: 'text', bytes: '"no run"'.length },
    { id: 'nothing', bytes: 0 },
  ]);
  await shelf.remove('older');
  expect([...all.keys()]).not.toContain('older');
  expect(shelf.foreign.value.map(({ id }) => id)).toEqual(['text', 'nothing']);
  expect(shelf.runs.value).toHaveLength(2);
});

test('a browser that keeps nothing has nothing to show', async () => {
  const shelf = new TunedShelf(() => {
    throw new DOMException('blocked', 'SecurityError');
  });
  await shelf.load();
  expect([shelf.runs.value, shelf.foreign.value]).toEqual([[], []]);
});

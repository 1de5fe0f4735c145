import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { findSets } from './vite-parity-sets.ts';

test('finds every index at any depth, with the size of its recordings', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sets-'));
  expect(findSets(folder)).toEqual([]);
  const write = (path: string, sizes: readonly number[]) => {
    mkdirSync(join(folder, 'parity', path), { recursive: true });
    writeFileSync(
      join(folder, 'parity', path, 'INDEX.json'),
      JSON.stringify({ cases: sizes.map((bytes) => ({ bytes })) }),
    );
  };
  write('cuda/h200', [1, 2]);
  write('cpu', [10]);
  expect(findSets(folder)).toEqual([
    { folder: 'parity/cpu/', cases: 1, bytes: 10 },
    { folder: 'parity/cuda/h200/', cases: 2, bytes: 3 },
  ]);
});

test('the page brings along what libraries recorded, and a draw of PyTorch’s own samples', () => {
  const sets = findSets(fileURLToPath(new URL('../public', import.meta.url)));
  expect(sets.map(({ folder }) => folder)).toEqual(['parity/', 'parity/opinfo/']);
  const [, samples] = sets;
  expect(samples?.cases).toBe(200);
  expect(samples?.bytes).toBeLessThan(2 ** 20);
});

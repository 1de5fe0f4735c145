import { expect, test } from 'vitest';
import { JoinedFiles, partsOf } from './file-parts.ts';

const FILES = [
  { name: 'a.safetensors', data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7) },
  { name: 'b.json', data: Uint8Array.of(8, 9, 10) },
  { name: 'empty', data: new Uint8Array() },
];

test('files are what their parts come to, in whatever order these are', () => {
  const parts = [...partsOf(FILES, 3)];
  expect(parts.map(({ name, start, data }) => [name, start, data.length])).toEqual([
    ['a.safetensors', 0, 3],
    ['a.safetensors', 3, 3],
    ['a.safetensors', 6, 1],
    ['b.json', 0, 3],
    ['empty', 0, 0],
  ]);
  const joined = new JoinedFiles();
  for (const part of [...parts.slice(1, 3), ...parts.slice(0, 1), ...parts.slice(3)])
    joined.add(part);
  expect(joined.files).toEqual(FILES);
});

test('a part has memory of its own, so that no more than it is sent', () => {
  expect([...partsOf(FILES, 3)].map(({ data }) => data.buffer.byteLength)).toEqual([3, 3, 1, 3, 0]);
});

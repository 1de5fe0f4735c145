import { expect, test } from 'vitest';
import { headChunkOf, logitsAtOnce } from './head-chunk.ts';

test('logits are whole up to 64 MiB, and in chunks beyond', () => {
  expect(headChunkOf({}, 512, 2 ** 15)).toBe('whole');
  expect(headChunkOf({}, 513, 2 ** 15)).toEqual({});
  expect(headChunkOf({}, 1, 151_936)).toBe('whole');
  expect(headChunkOf({}, 111, 151_936)).toEqual({});
});

test('what is asked for is done, however many there are', () => {
  expect(headChunkOf({ head_chunk: 'whole' }, 2 ** 20, 151_936)).toBe('whole');
  expect(headChunkOf({ head_chunk: 256 }, 1, 300)).toEqual({ chunk: 256 });
});

test('logits that are kept are there at once, else those of a chunk of 16 MiB', () => {
  expect(logitsAtOnce(512, 2 ** 15)).toEqual({ classes: 2 ** 15, areKept: true });
  expect(logitsAtOnce(512, 151_936)).toEqual({ classes: 2 ** 13, areKept: false });
  // A chunk has 128 classes at least, and no more than there are.
  expect(logitsAtOnce(2 ** 18, 100)).toEqual({ classes: 100, areKept: false });
});

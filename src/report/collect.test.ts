import { expect, test } from 'vitest';
import { collect, concat } from './collect.ts';

/** A stream of chunks, which notes whether it was stopped. */
function streamOf(...chunks: readonly (readonly number[])[]) {
  const left = [...chunks];
  const seen = { stopped: false, asked: 0 };
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      pull(controller) {
        seen.asked++;
        const chunk = left.shift();
        if (chunk) controller.enqueue(Uint8Array.from(chunk));
        else controller.close();
      },
      cancel() {
        seen.stopped = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, seen };
}

const tooMuch = () => new RangeError('too much');

test('chunks are read one after another to the end, up to the limit', async () => {
  const { stream, seen } = streamOf([1, 2], [], [3]);
  expect(await collect(stream, 3, tooMuch)).toEqual(Uint8Array.of(1, 2, 3));
  expect(seen).toEqual({ stopped: false, asked: 4 });
  expect(await collect(streamOf().stream, 0, tooMuch)).toEqual(new Uint8Array(0));
});

test('a stream of more is stopped where it passes the limit', async () => {
  const { stream, seen } = streamOf([1, 2], [3], [4], [5]);
  await expect(collect(stream, 2, tooMuch)).rejects.toThrow('too much');
  expect(seen).toEqual({ stopped: true, asked: 2 });
});

test('parts are joined in their order', () => {
  const parts = [Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2, 3), Uint8Array.of(4)];
  expect(concat(parts)).toEqual(Uint8Array.of(1, 2, 3, 4));
  expect(concat([])).toEqual(new Uint8Array(0));
});

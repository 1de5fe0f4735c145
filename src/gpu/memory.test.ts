import { describe, expect, test } from 'vitest';
import { HostDevice } from './fixtures/host-device.ts';
import { type Allocation, Memory, type MemoryLedger, wholeWords } from './memory.ts';

function memoryOf(mostBytes?: number) {
  const host = new HostDevice(mostBytes === undefined ? {} : { mostBytes });
  return { host, memory: new Memory(host as unknown as GPUDevice) };
}

const wordsOf = ({ buffer }: Allocation): Uint32Array =>
  new Uint32Array((buffer as unknown as { readonly bytes: Uint8Array<ArrayBuffer> }).bytes.buffer);

describe('the ledger', () => {
  test('counts what is live, the most that was, and what was made', () => {
    const { memory } = memoryOf();
    expect(memory.ledger).toEqual({
      liveBytes: 0,
      liveBuffers: 0,
      peakBytes: 0,
      allocatedBytes: 0,
    });
    const a = memory.allocate(10);
    const b = memory.allocate(300);
    expect([a.bytes, b.bytes]).toEqual([12, 300]);
    memory.free(a);
    expect(memory.ledger).toEqual({
      liveBytes: 300,
      liveBuffers: 1,
      peakBytes: 312,
      allocatedBytes: 256 + 512,
    });
    expect([memory.isLive(a), memory.isLive(b)]).toEqual([false, true]);
    memory.resetPeak();
    expect(memory.ledger.peakBytes).toBe(300);
    memory.allocate(8);
    expect(memory.ledger).toEqual({
      liveBytes: 308,
      liveBuffers: 2,
      peakBytes: 308,
      allocatedBytes: 256 + 512,
    });
  });

  test('is shown after every change, until the watch ends', () => {
    const { memory } = memoryOf();
    const seen: MemoryLedger[] = [];
    const watch = memory.watch((ledger) => seen.push(ledger));
    const a = memory.allocate(16);
    memory.free(a);
    memory.trim();
    const before = [
      { liveBytes: 16, liveBuffers: 1, peakBytes: 16, allocatedBytes: 256 },
      { liveBytes: 0, liveBuffers: 0, peakBytes: 16, allocatedBytes: 256 },
      { liveBytes: 0, liveBuffers: 0, peakBytes: 16, allocatedBytes: 0 },
    ];
    expect(seen).toEqual(before);
    watch[Symbol.dispose]();
    memory.allocate(16);
    expect(seen).toEqual(before);
  });

  test('counts what is freed twice once', () => {
    const { memory } = memoryOf();
    const a = memory.allocate(16);
    memory.allocate(16);
    memory.free(a);
    memory.free(a);
    expect(memory.ledger.liveBytes).toBe(16);
    expect(memory.allocate(16).buffer).toBe(a.buffer);
    expect(memory.allocate(16).buffer).not.toBe(a.buffer);
  });
});

test.each([
  [0, 4],
  [1, 4],
  [4, 4],
  [5, 8],
  [13, 16],
  [16, 16],
  [1001, 1004],
])('%i bytes take the words of %i', (bytes, taken) => {
  expect(wholeWords(bytes)).toBe(taken);
});

describe('buffers', () => {
  test.each([
    [1, 256],
    [256, 256],
    [257, 512],
    [2048, 2048],
    [2049, 2304],
    [4097, 4608],
    [5000, 5120],
    [1_000_000, 1_048_576],
    [2 ** 20, 2 ** 20],
    [2 ** 20 + 1, 2 ** 20 + 2 ** 17],
  ])('for %i bytes have an eighth of their power of two to spare at most: %i', (bytes, size) => {
    expect(memoryOf().memory.allocate(bytes).buffer.size).toBe(size);
  });

  test('are made to be bound, and copied from and to', () => {
    expect(memoryOf().memory.allocate(4).buffer.usage).toBe(0x80 + 0x04 + 0x08);
  });

  test.each([[[0, 1, 2]], [[2, 1, 0]], [[1, 2, 0]], [[2, 0, 1]]])(
    'that were freed in the order %o are handed out in that in which they were made',
    (order) => {
      const { memory } = memoryOf();
      const made = [40, 41, 42].map((bytes) => memory.allocate(bytes));
      for (const i of order) memory.free(made[i] as Allocation);
      const again = [42, 41, 40].map((bytes) => memory.allocate(bytes));
      expect(again.map(({ buffer }) => made.findIndex((one) => one.buffer === buffer))).toEqual([
        0, 1, 2,
      ]);
    },
  );

  test('are handed out again to what is nearly as large, each once', () => {
    const { memory, host } = memoryOf();
    const a = memory.allocate(40);
    const b = memory.allocate(50);
    const large = memory.allocate(4000);
    for (const one of [a, b, large]) memory.free(one);
    const again = [memory.allocate(60), memory.allocate(70)];
    expect(new Set(again.map(({ buffer }) => buffer))).toEqual(new Set([a.buffer, b.buffer]));
    expect(
      again.map(({ offset, bytes, version, guardBytes }) => [offset, bytes, version, guardBytes]),
    ).toEqual([
      [0, 60, 0, 0],
      [0, 72, 0, 0],
    ]);
    expect(memory.allocate(80).buffer).not.toBe(large.buffer);
    expect(host.buffers).toHaveLength(4);
  });

  test('that wait to be used again are destroyed on request, and those in use stay', () => {
    const { memory, host } = memoryOf();
    const a = memory.allocate(40);
    const b = memory.allocate(4000);
    const kept = memory.allocate(4);
    memory.free(a);
    memory.free(b);
    memory.trim();
    expect(host.liveBuffers).toEqual([kept.buffer]);
    expect(memory.ledger.allocatedBytes).toBe(256);
    expect(memory.allocate(40).buffer).not.toBe(a.buffer);
    memory.trim();
    expect(memory.ledger.allocatedBytes).toBe(512);
  });
});

describe('a budget', () => {
  test('is used up to its last byte, and refuses the next with what would help', () => {
    const { memory } = memoryOf();
    memory.budgetBytes = 100;
    const a = memory.allocate(60);
    memory.free(memory.allocate(40));
    memory.free(a);
    memory.allocate(60);
    expect(() => memory.allocate(41)).toThrow(
      '44 bytes were requested while 60 are live, and the budget is 100: free tensors, or use a smaller batch',
    );
    expect(memory.ledger).toMatchObject({ liveBytes: 60, liveBuffers: 1 });
    expect(memory.allocate(40).bytes).toBe(40);
  });

  test('is none unless it is set', () => {
    expect(memoryOf().memory.budgetBytes).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('an allocation that waits for the device', () => {
  test('has exactly the words that it asks for', async () => {
    const { memory, host } = memoryOf();
    const { buffer, offset, bytes, version, guardBytes } = await memory.allocateWaiting(1001);
    expect([buffer.size, offset, bytes, version, guardBytes]).toEqual([1004, 0, 1004, 0, 0]);
    expect(buffer.usage).toBe(0x8c);
    expect(memory.ledger).toMatchObject({ liveBytes: 1004, allocatedBytes: 1004 });
    expect(host.openScopes).toBe(0);
  });

  test('that is refused leaves nothing, and says what was asked and live', async () => {
    const { memory, host } = memoryOf(1000);
    const a = memory.allocate(200);
    memory.allocate(80);
    memory.free(a);
    const refused = memory.allocateWaiting(1001);
    await expect(refused).rejects.toMatchObject({
      code: 'out-of-memory',
      requestedBytes: 1004,
      liveBytes: 80,
      cause: { code: 'out-of-memory' },
    });
    await expect(refused).rejects.toThrow(
      '1004 bytes were requested while 80 are live, and the device refused: no room for 1004',
    );
    expect(memory.ledger).toMatchObject({ liveBytes: 80, liveBuffers: 1, allocatedBytes: 512 });
    expect(host.liveBuffers).toHaveLength(2);
  });
});

describe('in guarded mode', () => {
  const guarded = (...sizes: readonly number[]) => {
    const { memory, host } = memoryOf();
    memory.guarded = true;
    return { memory, host, made: sizes.map((bytes) => memory.allocate(bytes)) };
  };

  test('a buffer is NaN, and ends in 256 bytes that tell it from others', () => {
    const { made } = guarded(8, 12, 4);
    // 0x42800000 and the low 23 bits of 1, 2 and 3 times 0x9e3779.
    for (const [i, guard] of [0x429e3779, 0x42bc6ef2, 0x42daa66b].entries()) {
      const one = made[i] as Allocation;
      const words = [...wordsOf(one)];
      const own = one.bytes / 4;
      expect(words.slice(0, own)).toEqual(Array(own).fill(0x7fc0dead));
      expect(words.slice(own)).toEqual(Array(64).fill(guard));
      expect([one.offset, one.version, one.guardBytes]).toEqual([0, 0, 256]);
      expect(one.buffer.size).toBe(one.bytes + 256);
    }
  });

  test('guards by NaN are quiet ones that differ too, and are looked at by what they were', async () => {
    const { memory, made } = guarded(4);
    memory.guarded = 'by NaN';
    made.push(memory.allocate(8), memory.allocate(4));
    const guards = made.map((one) => wordsOf(one)[one.bytes / 4]);
    expect(guards).toEqual([0x429e3779, 0x7ffc6ef2, 0x7fdaa66b]);
    await expect(memory.checkGuards()).resolves.toBeUndefined();
  });

  test('nothing is handed out again', () => {
    const { memory, made } = guarded(256);
    memory.free(made[0] as Allocation);
    expect(memory.ledger).toMatchObject({ liveBytes: 0, liveBuffers: 0, allocatedBytes: 512 });
    memory.guarded = false;
    expect(memory.allocate(256).buffer).not.toBe(made[0]?.buffer);
    // Buffers of 512 bytes are pooled, and with its guard it has as many.
    expect(memory.allocate(512).buffer).not.toBe(made[0]?.buffer);
  });

  test('guards that are as they were are no fault, and the buffers go', async () => {
    const { memory, host } = guarded(8, 12);
    await memory.checkGuards();
    expect(host.liveBuffers).toEqual([]);
    expect(memory.ledger.allocatedBytes).toBe(0);
    const before = host.buffers.length;
    await memory.checkGuards();
    expect(host.buffers).toHaveLength(before);
  });

  test.each([
    [0, 0, 8, 0],
    [0, 63, 8, 252],
    [1, 0, 12, 0],
    [1, 17, 12, 68],
    [2, 63, 400, 252],
  ])('who writes past buffer %i by %i words is told', async (which, word, bytes, offset) => {
    const { memory, host, made } = guarded(8, 12, 400);
    const one = made[which] as Allocation;
    wordsOf(one)[one.bytes / 4 + word] = 7;
    await expect(memory.checkGuards()).rejects.toThrow(
      `a kernel wrote ${offset} bytes past the end of a buffer of ${bytes} bytes`,
    );
    expect(host.liveBuffers).toEqual([]);
  });

  test('the guard of another buffer does not pass for its own', async () => {
    const { memory, made } = guarded(8, 8);
    const [a, b] = made.map(wordsOf) as [Uint32Array, Uint32Array];
    b.set(a.subarray(2), 2);
    await expect(memory.checkGuards()).rejects.toMatchObject({ code: 'guard-overwritten' });
  });

  test('one buffer alone is looked at too', async () => {
    const { memory, made } = guarded(8);
    wordsOf(made[0] as Allocation)[5] = 7;
    await expect(memory.checkGuards()).rejects.toMatchObject({ code: 'guard-overwritten' });
  });

  test('what is written inside is no fault', async () => {
    const { memory, made } = guarded(8, 12);
    for (const one of made) wordsOf(one).fill(0, 0, one.bytes / 4);
    await expect(memory.checkGuards()).resolves.toBeUndefined();
  });
});

import { describe, expect, test } from 'vitest';
import {
  ByteReader,
  ByteWriter,
  boolean,
  type Codec,
  list,
  mapped,
  object,
  octet,
  oneOf,
  since,
  text,
  uint,
} from './codec.ts';

function bytesOf<T>(codec: Codec<T>, value: T): readonly number[] {
  const out = new ByteWriter();
  codec.write(out, value);
  return [...out.finish()];
}

/** What bytes say, all of them. */
function read<T>(codec: Codec<T>, bytes: readonly number[], version = 2): T {
  const from = new ByteReader(Uint8Array.from(bytes), version);
  const value = codec.read(from);
  from.end();
  return value;
}

const damaged = (what: string) => `this link is damaged (${what}): copy it again in full`;

describe('a whole number', () => {
  test.each([
    [0, [0]],
    [1, [1]],
    [127, [127]],
    [128, [128, 1]],
    [129, [129, 1]],
    [16_383, [255, 127]],
    [16_384, [128, 128, 1]],
    [2 ** 32 + 5, [133, 128, 128, 128, 16]],
    [Number.MAX_SAFE_INTEGER, [255, 255, 255, 255, 255, 255, 255, 15]],
  ])('%d has seven bits a byte, the low ones first', (value, bytes) => {
    expect(bytesOf(uint(), value)).toEqual(bytes);
    expect(read(uint(), bytes)).toBe(value);
  });

  test('is not beyond what may be, nor written in more bytes than that takes', () => {
    expect([read(uint(200), [200, 1]), read(uint(0), [0])]).toEqual([200, 0]);
    expect(read(uint(127), [127])).toBe(127);
    for (const bytes of [
      [201, 1],
      [128, 128, 1],
      [128, 128, 0],
      [255, 255, 255, 255, 255, 255, 255, 255, 255, 1],
    ])
      expect(() => read(uint(200), bytes)).toThrow(damaged('a number is too large'));
    expect(() => read(uint(0), [1])).toThrow('a number is too large');
    // What is 0 in a second byte changes nothing, where a number of two bytes may be.
    expect(read(uint(128), [129, 0])).toBe(1);
    expect(() => read(uint(127), [129, 0])).toThrow('a number is too large');
    expect(() => read(uint(), [128])).toThrow(damaged('it ends too early'));
  });

  test('is at most 2^53 - 1, where nothing less is said', () => {
    const sevens = new Array<number>(7);
    expect(read(uint(), [...sevens.fill(255), 15])).toBe(2 ** 53 - 1);
    expect(() => read(uint(), [...sevens.fill(128), 16])).toThrow('a number is too large');
  });
});

test('bytes end where they end', () => {
  expect([bytesOf(octet, 7), read(octet, [255])]).toEqual([[7], 255]);
  expect(() => read(octet, [])).toThrow(damaged('it ends too early'));
  expect(() => read(octet, [1, 2])).toThrow(damaged('it has bytes after its end'));
  const from = new ByteReader(Uint8Array.of(1, 2, 3, 4), 9);
  expect([[...from.bytes(2)], from.byte(), from.version]).toEqual([[1, 2], 3, 9]);
  expect(() => from.bytes(2)).toThrow('it ends too early');
  expect([...from.bytes(1)]).toEqual([4]);
  from.end();
});

test('one of several is its place among them', () => {
  const tier = oneOf(['quick', 'full', 'slow']);
  expect([bytesOf(tier, 'slow'), read(tier, [0]), read(tier, [2])]).toEqual([[2], 'quick', 'slow']);
  expect(() => read(tier, [3])).toThrow('a number is too large');
  expect([bytesOf(boolean, false), bytesOf(boolean, true)]).toEqual([[0], [1]]);
  expect([read(boolean, [0]), read(boolean, [1])]).toEqual([false, true]);
});

describe('a text', () => {
  test('is its bytes behind their number, in one line of 200 characters', () => {
    expect(bytesOf(text, 'aé')).toEqual([3, 97, 0xc3, 0xa9]);
    expect(read(text, [3, 97, 0xc3, 0xa9])).toBe('aé');
    expect(bytesOf(text, '')).toEqual([0]);
    expect(bytesOf(text, 'a\n\u202eb')).toEqual([3, 97, 32, 98]);
    const cut = bytesOf(text, 'x'.repeat(201));
    // 199 letters and an ellipsis of three bytes.
    expect(cut.slice(0, 2)).toEqual([202, 1]);
    expect(read(text, cut)).toBe(`${'x'.repeat(199)}…`);
    expect(read(text, bytesOf(text, 'y'.repeat(200)))).toBe('y'.repeat(200));
    const wide = '\u{1F600}'.repeat(100);
    expect(read(text, bytesOf(text, wide))).toBe(wide);
  });

  test('that no link would hold is refused', () => {
    expect(() => read(text, [1, 0xff])).toThrow(damaged('a text is not UTF-8'));
    expect(() => read(text, [1, 10])).toThrow(damaged('a text has characters that no link has'));
    expect(() => read(text, [3, 0xef, 0xbb, 0xbf])).toThrow('characters that no link has');
    const long = [201, 1, ...new Array<number>(201).fill(120)];
    expect(() => read(text, long)).toThrow('characters that no link has');
    const bytes = (length: number) => [(length % 128) + 128, Math.floor(length / 128)];
    expect(() => read(text, bytes(801))).toThrow('a number is too large');
    expect(() => read(text, bytes(800))).toThrow('it ends too early');
  });
});

test('a list is its values behind their number, at most so many', () => {
  const three = list(uint(), 3);
  expect([bytesOf(three, []), bytesOf(three, [5, 200, 6])]).toEqual([[0], [3, 5, 200, 1, 6]]);
  expect(read(three, [3, 5, 200, 1, 6])).toEqual([5, 200, 6]);
  expect(() => bytesOf(three, [1, 2, 3, 4])).toThrow(
    'the result does not fit a link (4 values where 3 fit): save the report instead',
  );
  expect(() => read(three, [4, 1, 1, 1, 1])).toThrow('a number is too large');
});

test('an object is its members in their order, each known since a version', () => {
  const codec = object<{ a: number; b: boolean; c: number }>({
    a: uint(),
    b: boolean,
    c: since(2, uint(), 9),
  });
  expect(bytesOf(codec, { c: 3, b: true, a: 7 })).toEqual([7, 1, 3]);
  expect(read(codec, [7, 1, 3])).toEqual({ a: 7, b: true, c: 3 });
  expect(read(codec, [7, 0], 1)).toEqual({ a: 7, b: false, c: 9 });
  expect(read(codec, [7, 0, 4], 3)).toEqual({ a: 7, b: false, c: 4 });
});

test('a value may be held as another', () => {
  const doubled = mapped<number, number>(
    uint(),
    (value) => value / 2,
    (held) => held * 2,
  );
  expect([bytesOf(doubled, 8), read(doubled, [4])]).toEqual([[4], 8]);
});

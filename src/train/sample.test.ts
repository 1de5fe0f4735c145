import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Random } from '../tensor/random.ts';
import { legible, promptIn, sampleBytes } from './sample.ts';

test('asks about the last bytes and repeats for a seed', async () => {
  const asked: string[] = [];
  const logits = async (context: Uint8Array) => {
    asked.push(String.fromCharCode(...context));
    // Sure of the successor of the last byte.
    return Float64Array.from({ length: 256 }, (_, i) =>
      i === (context.at(-1) as number) + 1 ? 100 : 0,
    );
  };
  const bytes = await sampleBytes(logits, new TextEncoder().encode('abc'), {
    count: 3,
    context: 2,
    temperature: 1,
    random: new Random(1),
  });
  expect(String.fromCharCode(...bytes)).toBe('def');
  expect(asked).toEqual(['bc', 'cd', 'de']);
});

test('leaves out what is skipped', async () => {
  let asked = 0;
  const bytes = await sampleBytes(
    async () => {
      asked += 1;
      return [0, 1];
    },
    Uint8Array.of(1, 1),
    { count: 9, context: 2, temperature: 1, random: new Random(1), skipped: () => asked === 4 },
  );
  expect([bytes.length, asked]).toEqual([4, 4]);
});

test('a low temperature makes sure of what is likelier', async () => {
  const bytes = await sampleBytes(async () => [0, 1], Uint8Array.of(0), {
    count: 40,
    context: 1,
    temperature: 0.01,
    random: new Random(2),
  });
  expect([...bytes]).toEqual(new Array(40).fill(1));
});

const bytesOf = (text: string) => new TextEncoder().encode(text);
const promptOf = (text: Uint8Array, least: number) =>
  new TextDecoder('utf-8', { fatal: true }).decode(promptIn(text, least));

test('a sample goes on from whole words, and begins at one', () => {
  const text = 'ain stays mainly\n\tin the plain, and so it goes on';
  expect(promptOf(bytesOf(text), 8)).toBe('stays mainly\n\t');
  expect(promptOf(bytesOf(text), 10)).toBe('stays mainly\n\t');
  expect(promptOf(bytesOf(text), 16)).toBe('stays mainly\n\tin ');
});

test.each([' ', '\n', '\r', '\t'])('words are apart by %j', (between) => {
  const text = ['ain', 'stays', 'mainly', 'in', 'the', 'plain', 'and', 'so'].join(between);
  expect(promptOf(bytesOf(text), 8)).toBe(`stays${between}mainly${between}`);
});

test('a word may begin at the second byte', () => {
  expect(promptOf(bytesOf(' in the plain, and so it'), 8)).toBe('in the plain, ');
});

test('a word is looked for in 64 bytes', () => {
  const long = (bytes: number) => 'x'.repeat(bytes);
  expect(promptOf(bytesOf(`${long(62)} word, and more, and more`), 8)).toBe('word, and ');
  expect(promptOf(bytesOf(`${long(63)} word, and more, and more`), 8)).toBe(`${long(63)} `);
  expect(promptOf(bytesOf(` ${long(70)} z`), 8)).toBe(`${long(70)} `);
  expect(promptOf(bytesOf(` ${long(71)} z`), 8)).toBe('xxxxxxxx');
  // What follows a beginning must be as long as is asked for.
  expect(promptOf(bytesOf(`${long(10)} ${long(8)}`), 8)).toBe(`${long(10)} `);
});

test('bytes that are no characters are cut anywhere', () => {
  const text = new Uint8Array(40).fill(0x80);
  const { byteOffset, length } = promptIn(text, 8);
  expect([byteOffset, length]).toEqual([0, 8]);
});

test('a text without words is cut between characters', () => {
  const text = bytesOf('文字だけの文章には空白がない'.repeat(20));
  expect(promptOf(text.subarray(1), 16)).toBe('字だけの文章');
});

test('there is a prompt of the wanted length in whatever bytes', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.uint8Array({ minLength: 80 }),
      (least, text) => {
        const { length, byteOffset } = promptIn(text, least);
        expect(length).toBeGreaterThanOrEqual(least);
        expect(length).toBeLessThanOrEqual(least + 64);
        expect(byteOffset + length - text.byteOffset).toBeLessThanOrEqual(text.length);
      },
    ),
  );
});

test('shows control characters and broken UTF-8 as something visible', () => {
  expect(
    legible(Uint8Array.of(0x41, 0x0a, 0x09, 0x00, 0x1f, 0x20, 0x7e, 0x7f, 0xff, 0xc3, 0xa9)),
  ).toBe('A\n\t\u2400\u241f ~\u2421\ufffd\u00e9');
});

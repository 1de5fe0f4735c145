import { describe, expect, test } from 'vitest';
import type { HostDispatch } from './fixtures/host-commands.ts';
import { answerQuads, hostGpu } from './fixtures/host-gpu.ts';
import { type Answers, answers, arithmeticOf, probe, QUESTIONS } from './probe.ts';

type Op = (a: number, b: number, c: number) => number;

/** What a device computes, an operation a field, in the order of the questions. */
interface Device {
  readonly sum: Op;
  readonly quotient: Op;
  readonly root: Op;
  readonly product: Op;
  readonly chain: Op;
  /** The word of two halves. */
  readonly halves: Op;
  readonly copy: Op;
  /** 1 where a number is another than itself. */
  readonly comparison: Op;
}

const round = Math.fround;

/** Exponent of the halves around `x`: below 2^-14 they are as far apart as there. */
const exponentOf = (x: number): number => Math.max(Math.floor(Math.log2(Math.abs(x))), -14);

/** The bits of the nearest half, ties to even; above the largest, of Infinity. */
function halfOf(x: number): number {
  const sign = x < 0 ? 0x8000 : 0;
  if (Math.abs(x) >= 65520) return sign | 0x7c00;
  const exponent = exponentOf(x);
  const steps = Math.abs(x) / 2 ** (exponent - 10);
  const below = Math.floor(steps);
  const up = steps - below > 0.5 || (steps - below === 0.5 && below % 2 === 1);
  return sign | (below + Number(up) + (exponent + 14) * 1024);
}

const halvesWith =
  (half: (x: number) => number): Op =>
  (a, b) =>
    (half(a) | (half(b) << 16)) >>> 0;

/** Rounds to nearest, each operation by itself, and keeps everything. */
const REGULAR: Device = {
  sum: (a, b) => round(a + b),
  quotient: (a, b) => round(a / b),
  root: (a) => round(Math.sqrt(a)),
  product: (a, b) => round(a * b),
  chain: (a, b, c) => round(round(a * b) + c),
  halves: halvesWith(halfOf),
  copy: (a) => a,
  comparison: (a) => Number(Number.isNaN(a)),
};

const REGULAR_FOUND = {
  rounding: 'nearest',
  denormals: 'kept',
  contraction: 'none',
  exactDivision: true,
  exactSqrt: true,
  keepsInfNaN: true,
  pack2x16float: 'nearest',
  pack2x16floatOverflow: 'infinity',
  passesDenormals: 'all',
  passesNonFinite: 'all',
  comparesNaN: true,
  overflowWord: 0x7f800000,
};

/** Words that are as they are: halves and comparisons. */
const WORDS: ReadonlySet<keyof Device> = new Set(['halves', 'comparison']);
const OPERATIONS = Object.keys(REGULAR) as readonly (keyof Device)[];

/** What a device answers that computes `odd` in its own way. */
function answersOf(odd: Partial<Device> = {}): Answers {
  const device = { ...REGULAR, ...odd };
  return OPERATIONS.map((operation, section) => {
    const words = new Uint32Array(64);
    (QUESTIONS[section] as readonly (readonly [number, number, number])[]).forEach((triple, i) => {
      const [a, b, c] = triple.map(round) as [number, number, number];
      const answer = device[operation](a, b, c);
      words[i] = WORDS.has(operation) ? answer : wordOf(answer);
    });
    return words;
  }) as unknown as Answers;
}

/** What the regular device answers, but for one word. */
function answersWith(operation: keyof Device, at: number, word: number): Answers {
  const answers = answersOf();
  (answers[OPERATIONS.indexOf(operation)] as Uint32Array)[at] = word;
  return answers;
}

const wordOf = (x: number): number => new Uint32Array(Float32Array.of(x).buffer)[0] as number;
const floatOf = (word: number): number =>
  new Float32Array(Uint32Array.of(word).buffer)[0] as number;

/** The float `steps` further from 0 than `x`. */
const further = (x: number, steps: number): number => floatOf(wordOf(x) + steps);

/** The float on the far side of a sum that lies between two, and the one on the near side. */
const awayFromZero = (x: number): number =>
  Math.abs(round(x)) < Math.abs(x) ? further(round(x), 1) : round(x);
const towardZero = (x: number): number =>
  Math.abs(round(x)) > Math.abs(x) ? further(round(x), -1) : round(x);
/** The nearest float, of two that are as near the one further from 0. */
const tiesAway = (x: number): number =>
  Math.abs(awayFromZero(x) - x) <= Math.abs(towardZero(x) - x) ? awayFromZero(x) : towardZero(x);

const flushed = (x: number): number => (Math.abs(x) < 2 ** -126 ? 0 : x);
const LARGEST = floatOf(0x7f7fffff);
const finite = (x: number): number => Math.max(-LARGEST, Math.min(LARGEST, x));

test('a regular device', () => {
  expect(arithmeticOf(answersOf())).toEqual(REGULAR_FOUND);
});

describe('a device is told by what it does in its own way', () => {
  test.each<[string, Partial<Device>, Partial<Record<keyof typeof REGULAR_FOUND, unknown>>]>([
    ['sums cut off', { sum: (a, b) => towardZero(a + b) }, { rounding: 'truncating' }],
    ['sums rounded away from 0', { sum: (a, b) => awayFromZero(a + b) }, { rounding: 'other' }],
    [
      'sums rounded down',
      { sum: (a, b) => (a + b < 0 ? awayFromZero(a + b) : towardZero(a + b)) },
      { rounding: 'other' },
    ],
    ['ties rounded away from 0', { sum: (a, b) => tiesAway(a + b) }, { rounding: 'other' }],
    [
      'denormals read as 0 by products',
      { product: (a, b) => round(flushed(a) * flushed(b)) },
      { denormals: 'flushed-in', passesDenormals: 'copy, sum' },
    ],
    [
      'denormals written as 0 by products',
      { product: (a, b) => flushed(round(a * b)) },
      { denormals: 'flushed-out', passesDenormals: 'copy, sum' },
    ],
    [
      'denormals neither read nor written by products',
      { product: (a, b) => flushed(round(flushed(a) * flushed(b))) },
      { denormals: 'flushed', passesDenormals: 'copy, sum' },
    ],
    [
      'products and sums in one rounding',
      { chain: (a, b, c) => round(a * b + c) },
      { contraction: 'fused' },
    ],
    [
      'quotients by the reciprocal',
      { quotient: (a, b) => round(a * round(1 / b)) },
      { exactDivision: false },
    ],
    [
      'roots by their reciprocal',
      { root: (a) => round(a * round(a ** -0.5)) },
      { exactSqrt: false },
    ],
    [
      'overflow that stays finite',
      { product: (a, b) => finite(round(a * b)) },
      { keepsInfNaN: false, passesNonFinite: 'copy, sum', overflowWord: 0x7f7fffff },
    ],
    [
      'what overflows by far to another word than what does by little',
      { product: (a, b) => (a === b && b === round(1e38) ? 7 : round(a * b)) },
      { overflowWord: wordOf(7) },
    ],
    [
      'Infinity less Infinity as 0',
      { chain: (a, b, c) => (a === -c ? 0 : REGULAR.chain(a, b, c)) },
      { keepsInfNaN: false },
    ],
    [
      'halves cut off',
      { halves: halvesWith((x) => halfOf(Math.abs(x) < 1e5 ? cutToHalf(x) : x)) },
      { pack2x16float: 'other' },
    ],
    [
      'halves that hold at most 65504',
      { halves: halvesWith((x) => halfOf(Math.min(x, 65504))) },
      { pack2x16floatOverflow: 'clamped' },
    ],
    [
      'halves that hold at most 65504 of finite numbers',
      {
        halves: halvesWith((x) => halfOf(x < Number.POSITIVE_INFINITY ? Math.min(x, 65504) : x)),
      },
      { pack2x16floatOverflow: 'garbage' },
    ],
    [
      'NaN for what no half holds',
      { halves: halvesWith((x) => (x > 65504 + 15 ? 0x7e00 : halfOf(x))) },
      { pack2x16floatOverflow: 'garbage' },
    ],
    [
      'halves in the other order',
      { halves: (a, b) => REGULAR.halves(b, a, 0) },
      { pack2x16float: 'other', pack2x16floatOverflow: 'garbage' },
    ],
    ['NaN equal to itself', { comparison: () => 0 }, { comparesNaN: false }],
  ])('%s', (_, odd, found) => {
    expect(arithmeticOf(answersOf(odd))).toEqual({ ...REGULAR_FOUND, ...found });
  });
});

/** The float16 that is next to `x` on the side of 0, as a float. */
function cutToHalf(x: number): number {
  const step = 2 ** (exponentOf(x) - 10);
  return Math.trunc(x / step) * step;
}

describe('one wrong answer shows', () => {
  const rows = (operation: keyof Device, from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => [operation, from + i] as const);

  test.each(rows('sum', 0, 8))('of %s %i: a NaN, or two floats further', (operation, at) => {
    const right = (answersOf()[0][at] as number) + 2;
    for (const word of [0x7fc00000, right])
      expect(arithmeticOf(answersWith(operation, at, word))).toEqual({
        ...REGULAR_FOUND,
        rounding: 'other',
      });
  });

  test.each([...rows('quotient', 0, 64), ...rows('root', 0, 64)])('of %s %i', (operation, at) => {
    const field = operation === 'root' ? 'exactSqrt' : 'exactDivision';
    const right = answersOf()[operation === 'root' ? 2 : 1][at] as number;
    for (const word of [right - 1, right + 1, 0x7fc00000])
      expect(arithmeticOf(answersWith(operation, at, word))).toEqual({
        ...REGULAR_FOUND,
        [field]: false,
      });
  });

  test.each(rows('halves', 0, 3))('of %s %i: one unit more', (operation, at) => {
    const right = answersOf()[5][at] as number;
    expect(arithmeticOf(answersWith(operation, at, right + 1))).toEqual({
      ...REGULAR_FOUND,
      pack2x16float: 'other',
    });
  });
});

test.each([0x7fc00000, 0xffc00000, 0x7f800001, 0xff800001, 0xffffffff])(
  'NaN is any word of its exponent with a fraction: %i',
  (word) => {
    expect(arithmeticOf(answersWith('chain', 1, word)).keepsInfNaN).toBe(true);
    expect(arithmeticOf(answersWith('copy', 2, word)).passesNonFinite).toBe('all');
  },
);

test.each([0x7f800000, 0xff800000, 0, 0x7f7fffff])('and no other: %i', (word) => {
  expect(arithmeticOf(answersWith('chain', 1, word)).keepsInfNaN).toBe(false);
  expect(arithmeticOf(answersWith('copy', 2, word)).passesNonFinite).toBe('other');
});

/** Which ways lose something, and what is said of it. */
const LOSSES: readonly [readonly ('copy' | 'product' | 'sum')[], string][] = [
  [[], 'all'],
  [['sum'], 'copy, product'],
  [['product'], 'copy, sum'],
  [['product', 'sum'], 'copy'],
  [['copy', 'product', 'sum'], 'none'],
  [['copy', 'product'], 'other'],
  [['copy', 'sum'], 'other'],
  [['copy'], 'other'],
];

describe.each(LOSSES)('where %j lose', (lossy, told) => {
  const found = (lose: (x: number) => number) => {
    const op =
      (name: 'copy' | 'product' | 'sum'): Op =>
      (a, b, c) =>
        lose(REGULAR[name](a, b, c));
    const device = Object.fromEntries(lossy.map((name) => [name, op(name)]));
    const { passesDenormals, passesNonFinite } = arithmeticOf(answersOf(device));
    return { passesDenormals, passesNonFinite };
  };

  test('numbers below 2^-126', () => {
    expect(found(flushed)).toEqual({ passesDenormals: told, passesNonFinite: 'all' });
  });

  test.each<[string, (x: number) => number]>([
    ['Infinity', (x) => (x === Number.POSITIVE_INFINITY ? LARGEST : x)],
    ['NaN', (x) => (Number.isNaN(x) ? 0 : x)],
    ['both', (x) => (Number.isFinite(x) ? x : 0)],
  ])('%s', (_, lose) => {
    expect(found(lose)).toEqual({ passesDenormals: 'all', passesNonFinite: told });
  });
});

describe('the questions', () => {
  /** Bits of the float32 numbers that are asked of. */
  const wordsOf = (section: number) =>
    QUESTIONS[section]?.map((question) => [...question].map(wordOf));
  const DENORMAL = 0x00080000;
  const INFINITY = 0x7f800000;
  const NAN = 0x7fc00000;
  const ONE = 0x3f800000;

  test('of sums lie between two floats, and go through 0', () => {
    expect(wordsOf(0)).toEqual([
      [ONE, 0x33000000],
      [ONE, 0x33800000],
      [ONE, 0x33c00000],
      [0x3f800001, 0x33800000],
      [0xbf800000, 0xb3c00000],
      [0xbf800000, 0xb3000000],
      [0x3f800003, 0x33800000],
      [0x40400000, 0x34400000],
      [DENORMAL, 0],
      [INFINITY, 0],
      [NAN, 0],
    ]);
  });

  test('of quotients are small odd numbers', () => {
    const quotients = QUESTIONS[1];
    expect(quotients.map(([a]) => a)).toEqual(Array.from({ length: 64 }, (_, i) => 1 + i + i));
    expect(quotients.slice(0, 5).map(([, b]) => b)).toEqual([3, 77, 151, 23, 97]);
    for (const [, b] of quotients) expect([b % 2, b >= 3, b <= 203]).toEqual([1, true, true]);
    const missed = quotients.filter(([a, b]) => round(a / b) !== round(a * round(1 / b)));
    expect(missed.length).toBeGreaterThan(8);
  });

  test('of roots go from 2 to nearly 66', () => {
    expect(QUESTIONS[2].map(([a]) => a).slice(0, 3)).toEqual([2, 3.015625, 4.03125]);
    expect(QUESTIONS[2].map(([a]) => a).slice(63)).toEqual([65.984375]);
  });

  test('of products are denormal, or too large', () => {
    expect(wordsOf(3)).toEqual([
      [0x0d800000, 0x30800000],
      [DENORMAL, 0x4e800000],
      [0x7f7fffff, 0x40000000],
      [0x7e967699, 0x7e967699],
      [DENORMAL, ONE],
      [INFINITY, ONE],
      [NAN, ONE],
    ]);
  });

  test('of products and sums are told apart by their rounding', () => {
    expect(wordsOf(4)).toEqual([
      [0x3f800002, 0x3f800002, 0xbf800004],
      [INFINITY, ONE, 0xff800000],
    ]);
  });

  test('of halves are ties, and larger than they', () => {
    expect(wordsOf(5)).toEqual([
      [0x3f801000, 0x3f803000],
      [0x33000000, 0x33c00000],
      [0x477fef00, 0xc77fe000],
      [0x4788b800, ONE],
      [INFINITY, ONE],
    ]);
  });

  test('of copies and comparisons are what may be lost', () => {
    expect(wordsOf(6)).toEqual([[DENORMAL], [INFINITY], [NAN]]);
    expect(wordsOf(7)).toEqual([[ONE], [NAN]]);
  });
});

describe('a device is asked', () => {
  /** Computes as `device` does what lib/probe does. */
  const kernelOf =
    (odd: Partial<Device>) =>
    ({ bindings: [inputs, outputs] }: HostDispatch): void => {
      const device = { ...REGULAR, ...odd };
      const triples = new Float32Array((inputs as { bytes: Uint8Array<ArrayBuffer> }).bytes.buffer);
      const words = new Uint32Array((outputs as { bytes: Uint8Array<ArrayBuffer> }).bytes.buffer);
      for (let i = 0; i < 8 * 64; i++) {
        const operation = OPERATIONS[Math.floor(i / 64)] as keyof Device;
        const [a, b, c] = triples.subarray(3 * i, 3 * i + 3) as unknown as [number, number, number];
        const answer = device[operation](a, b, c);
        words[i] = WORDS.has(operation) ? answer : wordOf(answer);
      }
    };

  test.each<[string, Partial<Device>]>([
    ['that is regular', {}],
    ['that cuts sums off', { sum: (a, b) => towardZero(a + b) }],
    ['that loses denormals in products', { product: (a, b) => flushed(round(a * b)) }],
    ['that has no NaN', { comparison: () => 0 }],
    ['that contracts', { chain: (a, b, c) => round(a * b + c) }],
  ])('%s, and what it answers is read in the order of the questions', async (_, odd) => {
    const { gpu } = await hostGpu({ run: kernelOf(odd) });
    const { quads, subgroupSize, timestampQuantumNs, tookMs, ...found } = await probe(gpu);
    expect(found).toEqual(arithmeticOf(answersOf(odd)));
    expect([quads, subgroupSize, timestampQuantumNs]).toEqual(['none', null, null]);
    expect(tookMs).toBeGreaterThanOrEqual(0);
    expect(tookMs).toBeLessThan(60_000);
    expect(gpu.memory.ledger.liveBytes).toBe(0);
  });

  test('sections of 64 triples, filled up with ones', async () => {
    const { gpu, host } = await hostGpu();
    const own = QUESTIONS.map((_, section) => [[section + 2, section + 3]] as const);
    const answered = await answers(gpu, own);
    expect(answered.map(({ length }) => length)).toEqual(Array(8).fill(64));
    const [{ workgroups, bindings } = { workgroups: [], bindings: [] }] = host.dispatches;
    expect(workgroups).toEqual([8, 1, 1]);
    expect(bindings.map(({ offset, size }) => [offset, size])).toEqual([
      [0, 6144],
      [0, 2048],
    ]);
    const triples = new Float32Array(bindings[0]?.bytes.slice().buffer ?? new ArrayBuffer());
    const expected = new Float32Array(8 * 64 * 3).fill(1);
    for (let section = 0; section < 8; section++)
      expected.set([section + 2, section + 3], section * 192);
    expect([...triples]).toEqual([...expected]);
  });

  test('for the lanes of its smallest subgroup and for its quads, where it has subgroups', async () => {
    const features = ['subgroups'];
    const { gpu } = await hostGpu({ features, subgroupMinSize: 8, run: answerQuads });
    expect(await probe(gpu)).toMatchObject({ subgroupSize: 8, quads: 'neighbours' });
    const silent = await hostGpu({ features, run: answerQuads });
    expect((await probe(silent.gpu)).subgroupSize).toBeNull();
    const scattered = await hostGpu({ features, subgroupMinSize: 8 });
    expect(await probe(scattered.gpu)).toMatchObject({ subgroupSize: null, quads: 'scattered' });
  });

  test('for the step of its clock', async () => {
    const clock = Array.from({ length: 40 }, (_, i) => BigInt(100 * i))[Symbol.iterator]();
    const { gpu } = await hostGpu({ features: ['timestamp-query'], clock });
    expect((await probe(gpu)).timestampQuantumNs).toBe(100);
  });
});

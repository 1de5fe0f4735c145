import shader from '../../shaders/lib/probe.wgsl';
import { seam } from '../seam.ts';
import type { Gpu } from './gpu.ts';
import type { Quads } from './quads.ts';
import { timestampQuantumNs } from './timestamp-quantum.ts';

/**
 * What the adapter's float arithmetic does, as found by running it: the rules of the bounds depend
 * on it.
 */
export interface Probe {
  /** Rounding of additions whose exact sum lies between two floats. */
  readonly rounding: 'nearest' | 'truncating' | 'other';
  /** Whether values below 2^-126 survive arithmetic, and if not, on which side they are lost. */
  readonly denormals: 'kept' | 'flushed-in' | 'flushed-out' | 'flushed';
  /** Whether a*b+c is computed with one rounding. */
  readonly contraction: 'fused' | 'none';
  /** Whether all probed quotients, and square roots, are the nearest float. */
  readonly exactDivision: boolean;
  readonly exactSqrt: boolean;
  /** Whether overflow gives Infinity and Infinity - Infinity gives NaN, by their bits. */
  readonly keepsInfNaN: boolean;
  /**
   * Whether pack2x16float rounds to nearest even, and what it makes of values that no half can
   * hold.
   */
  readonly pack2x16float: 'nearest' | 'other';
  readonly pack2x16floatOverflow: 'infinity' | 'clamped' | 'garbage';
  /** Which of a copy, a product by 1 and a sum with 0 keep values below 2^-126. */
  readonly passesDenormals: Passes;
  /** Which of them keep Infinity and NaN. */
  readonly passesNonFinite: Passes;
  /** Whether `x != x` is true of NaN: compilers may take for granted that there is none. */
  readonly comparesNaN: boolean;
  /** The bits of 1e38 * 1e38, which no float holds. */
  readonly overflowWord: number;
  /** Where the lanes of a quad are. Kernels with subgroups take them for neighbours, or do not run. */
  readonly quads: Quads;
  /** Lanes of the smallest subgroup; null where kernels do without. */
  readonly subgroupSize: number | null;
  /** Step of timestamp queries; null without them. Nanoseconds. */
  readonly timestampQuantumNs: number | null;
  readonly tookMs: number;
}

/** Ways through arithmetic that keep a value as it is. */
type Passes = 'all' | 'copy, product' | 'copy, sum' | 'copy' | 'none' | 'other';

/** The numbers a, b and c of a question, as many as its operation looks at. */
type Question = readonly [a: number] | Pair | readonly [a: number, b: number, c: number];
type Pair = readonly [a: number, b: number];
const SECTION = 64;
const ULP = 2 ** -23;
const MAX = (2 - ULP) * 2 ** 127;

/** Sums a + b between two floats: nearest-even, truncation and rounding up give different ones. */
const SUMS: readonly Pair[] = [
  [1, ULP * 0.25],
  [1, ULP * 0.5],
  [1, ULP * 0.75],
  [1 + ULP, ULP * 0.5],
  [-1, -ULP * 0.75],
  [-1, -ULP * 0.25],
  [1 + 3 * ULP, ULP * 0.5],
  [3, ULP * 1.5],
];

/**
 * Quotients of small odd numbers: a multiplication with the rounded reciprocal misses the nearest
 * float for about a quarter of them.
 */
const QUOTIENTS: readonly Pair[] = Array.from({ length: SECTION }, (_, i) => [
  2 * i + 1,
  3 + 2 * ((i * 37) % 101),
]);

const ROOTS: readonly Question[] = Array.from({ length: SECTION }, (_, i) => [2 + i + i / 64]);

/** What arithmetic may lose on its way: a denormal, Infinity, NaN. */
const FRAGILE = [2 ** -130, Number.POSITIVE_INFINITY, Number.NaN] as const;

/** A denormal result, a denormal input, overflow twice; then FRAGILE by 1. */
const PRODUCTS: readonly Pair[] = [
  [2 ** -100, 2 ** -30],
  [2 ** -130, 2 ** 30],
  [MAX, 2],
  [1e38, 1e38],
  ...FRAGILE.map((x): Pair => [x, 1]),
];
const OVERFLOW = 3;
const FRAGILE_PRODUCTS = 4;

/** FRAGILE as they are. */
const COPIES: readonly Question[] = FRAGILE.map((x) => [x]);

/** Is a number, and is NaN, another than itself? */
const COMPARISONS: readonly Question[] = [[1], [Number.NaN]];

/**
 * (1 + 2u)^2 - (1 + 4u) is 4 u^2 with one rounding and 0 with two; and Infinity - Infinity, NaN with
 * one as with two: a product that overflows is infinite only where it is rounded by itself.
 */
const CHAINS: readonly Question[] = [
  [1 + ULP * 2, 1 + ULP * 2, -(1 + ULP * 4)],
  [Number.POSITIVE_INFINITY, 1, Number.NEGATIVE_INFINITY],
];

/**
 * Pairs for pack2x16float with the word that round-to-nearest-even gives: ties first, then the
 * largest half.
 */
const HALVES: readonly (readonly [pair: Pair, word: number])[] = [
  [[1 + 2 ** -11, 1 + 3 * 2 ** -11], 0x3c023c00],
  [[2 ** -25, 3 * 2 ** -25], 0x00020000],
  [[65519, -65504], 0xfbff7bff],
];

/** What no half can hold, packed with a 1. */
const BEYOND_HALVES = [70000, Number.POSITIVE_INFINITY] as const;
const WORD_OF_ONE = 0x3c000000;

/**
 * What is asked of the adapter, by operation: a + b (last FRAGILE and 0), a / b, sqrt(a), a * b,
 * a * b + c, pack2x16float(a, b), a, a != a.
 */
export const QUESTIONS = [
  [...SUMS, ...FRAGILE.map((x): Pair => [x, 0])],
  QUOTIENTS,
  ROOTS,
  PRODUCTS,
  CHAINS,
  [...HALVES.map(([pair]) => pair), ...BEYOND_HALVES.map((x): Pair => [x, 1])],
  COPIES,
  COMPARISONS,
] as const satisfies readonly (readonly Question[])[];

/** Whether the answer is that a number is another than itself. */
const isOther = seam('probe.is_other', (answer: number | undefined): boolean => answer === 1);

/** Runs the probe: well under 50 ms once its pipeline is compiled. */
export async function probe(gpu: Gpu): Promise<Probe> {
  const started = performance.now();
  return {
    ...arithmeticOf(await answers(gpu)),
    quads: gpu.quads,
    subgroupSize: subgroupSizeOf(gpu),
    timestampQuantumNs: await timestampQuantumNs(gpu.device),
    tookMs: performance.now() - started,
  };
}

function subgroupSizeOf({ features, device }: Gpu): number | null {
  return features.has('subgroups') ? (device.adapterInfo?.subgroupMinSize ?? null) : null;
}

/** What an adapter's answers to {@link QUESTIONS} show. */
export function arithmeticOf([
  sums,
  quotients,
  roots,
  products,
  chains,
  halves,
  copies,
  comparisons,
]: Answers): Omit<Probe, 'quads' | 'subgroupSize' | 'timestampQuantumNs' | 'tookMs'> {
  const ways = [copies, products.subarray(FRAGILE_PRODUCTS), sums.subarray(SUMS.length)] as const;
  const float = (words: Uint32Array, i: number) =>
    new Float32Array(words.buffer, words.byteOffset, SECTION)[i] as number;
  return {
    rounding: roundingOf((i) => float(sums, i)),
    denormals: denormalsOf(float(products, 1) === 2 ** -100, float(products, 0) === 2 ** -130),
    contraction: float(chains, 0) === 0 ? 'none' : 'fused',
    exactDivision: QUOTIENTS.every(([a, b], i) => float(quotients, i) === Math.fround(a / b)),
    exactSqrt: ROOTS.every(([a], i) => float(roots, i) === Math.fround(Math.sqrt(Math.fround(a)))),
    keepsInfNaN: products[2] === 0x7f800000 && isNaNWord(chains[1] as number),
    ...halvesOf(halves),
    passesDenormals: passesOf(ways.map(([word]) => word === wordOf(FRAGILE[0]))),
    passesNonFinite: passesOf(
      ways.map(([, infinity, nan]) => infinity === 0x7f800000 && isNaNWord(nan as number)),
    ),
    comparesNaN: isOther(comparisons[1]),
    overflowWord: products[OVERFLOW] as number,
  };
}

/** The bits of the results, an operation an array, in the order of {@link QUESTIONS}. */
export type Answers = [
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
];

/** Lets the adapter compute the answers to {@link QUESTIONS}, or to others of the same operations. */
export async function answers(
  gpu: Gpu,
  questions: readonly (readonly Question[])[] = QUESTIONS,
): Promise<Answers> {
  const triples = new Float32Array(QUESTIONS.length * SECTION * 3).fill(1);
  questions.forEach((section, s) => {
    section.forEach((question, i) => {
      triples.set(question, (s * SECTION + i) * 3);
    });
  });
  const bytes = QUESTIONS.length * SECTION * 4;
  const inputs = gpu.allocate(triples.byteLength);
  const outputs = gpu.allocate(bytes);
  const bound = [inputs, outputs];
  try {
    gpu.write(inputs, triples);
    const bindings = bound.map((memory) => ({ memory, offset: 0, size: memory.bytes }));
    gpu.dispatch({ shader, bindings, workgroups: [QUESTIONS.length, 1, 1] });
    const words = new Uint32Array(await gpu.read({ memory: outputs, offset: 0 }, bytes));
    return QUESTIONS.map((_, s) => words.subarray(s * SECTION, (s + 1) * SECTION)) as Answers;
  } finally {
    for (const memory of bound) gpu.free(memory);
  }
}

/** How the ways are recorded that keep what goes through them. */
const passesOf = seam('probe.passes_of', (kept: readonly boolean[]): Passes => {
  const [copy, product, sum] = kept;
  if (!copy) return product || sum ? 'other' : 'none';
  if (product) return sum ? 'all' : 'copy, product';
  return sum ? 'copy, sum' : 'copy';
});

function wordOf(x: number): number {
  return new Uint32Array(Float32Array.of(x).buffer)[0] as number;
}

function roundingOf(sum: (i: number) => number): Probe['rounding'] {
  if (SUMS.every(([a, b], i) => sum(i) === Math.fround(a + b))) return 'nearest';
  return SUMS.every(([a, b], i) => sum(i) === towardZero(a + b)) ? 'truncating' : 'other';
}

function towardZero(x: number): number {
  const nearest = Math.fround(x);
  if (Math.abs(nearest) <= Math.abs(x)) return nearest;
  const bits = new Uint32Array(Float32Array.of(nearest).buffer);
  bits[0] = (bits[0] as number) - 1;
  return new Float32Array(bits.buffer)[0] as number;
}

function denormalsOf(readIn: boolean, writtenOut: boolean): Probe['denormals'] {
  if (readIn && writtenOut) return 'kept';
  if (readIn) return 'flushed-out';
  return writtenOut ? 'flushed-in' : 'flushed';
}

/**
 * NaN by its exponent and fraction: compilers may assume that no NaN exists, so `x != x` proves
 * nothing.
 */
function isNaNWord(word: number): boolean {
  return (word & 0x7fffffff) > 0x7f800000;
}

function halvesOf(words: Uint32Array): Pick<Probe, 'pack2x16float' | 'pack2x16floatOverflow'> {
  const beyondGives = (half: number) =>
    BEYOND_HALVES.every((_, i) => words[HALVES.length + i] === WORD_OF_ONE + half);
  return {
    pack2x16float: HALVES.every(([, word], i) => words[i] === word) ? 'nearest' : 'other',
    pack2x16floatOverflow: beyondGives(0x7c00)
      ? 'infinity'
      : beyondGives(0x7bff)
        ? 'clamped'
        : 'garbage',
  };
}

import type { HostMutant } from '../host-mutant.ts';

/** A mutant that no test can tell from the original, with the argument for it. */
export interface ArguedMutant {
  readonly file: string;
  /** Hash of the statement, by which an argument about other text does not count. */
  readonly statement: string;
  readonly operator: HostMutant['operator'];
  readonly n: number;
  /** What the change is called, for a reader. */
  readonly becomes: string;
  readonly class: 'unreachable-by-type' | 'same-bits' | 'speed-only';
  readonly why: string;
  /** Of the class `same-bits`, the test or case that proves it. */
  readonly proof?: string;
}

/**
 * Reviewed by people; at most 5 % of a draw. Each is run all the same, and reported when a test or
 * a case turns red.
 */
export const ARGUED: readonly ArguedMutant[] = [
  {
    file: 'src/autograd/random-state.ts',
    statement: '18efbdd87380',
    operator: 'swap-arguments',
    n: 1,
    becomes: 'nextBase(counters, this.#base)',
    class: 'same-bits',
    why: 'both are counts below 2^53, whose sum is the same in either order',
    proof: 'src/autograd/random-state.test.ts > ops take positions one after the other',
  },
  {
    file: 'src/quant/packing/packing.ts',
    statement: 'e8b691b54428',
    operator: 'drop-fallback',
    n: 1,
    becomes: 'bytes[k + 1] << 8',
    class: 'same-bits',
    why: 'undefined << 8 is 0 << 8',
    proof: 'src/quant/packing/packing.test.ts > and are found again: %i bits',
  },
  {
    file: 'src/quant/packing/packing.ts',
    statement: 'e8b691b54428',
    operator: 'default',
    n: 1,
    becomes: '(bytes[k + 1] ?? 1) << 8',
    class: 'same-bits',
    why: 'a code that ends in the last byte has no bit of the byte behind it in its mask',
    proof: 'src/quant/packing/packing.test.ts > and are found again: %i bits',
  },
  {
    file: 'src/tensor/half.ts',
    statement: '668e6dbabf07',
    operator: 'constant',
    n: 1,
    becomes: 'new Float32Array(2)',
    class: 'same-bits',
    why: 'the first number alone is written and read, and the words are over the same buffer',
    proof: 'src/tensor/half.test.ts > of every pattern is its value, and back',
  },
  {
    file: 'src/testing/parity/llama/run-limits.ts',
    statement: '023bc4c261d2',
    operator: 'swap-arguments',
    n: 1,
    becomes: 'judge(truth, actual, limit, this.unjudged(name, truth)).ok',
    class: 'same-bits',
    why: 'limits of a run are bounds of a difference, which is as large from either side',
    proof: 'src/testing/parity/llama/run-limits.test.ts > is the narrow one for what keeps it',
  },
  {
    file: 'src/train/sample.ts',
    statement: '95fe71e528ae',
    operator: 'constant',
    n: 2,
    becomes: 'find(0, Math.min(last, MOST_SOUGHT), ...)',
    class: 'same-bits',
    why: 'no white space stands before the first byte, so that no word begins there',
    proof: 'src/train/sample.test.ts > a sample goes on from whole words, and begins at one',
  },
];

/** The argument for a mutant, if there is one. */
export function argumentFor(
  { file, statement, operator, n }: HostMutant,
  argued = ARGUED,
): ArguedMutant | undefined {
  return argued.find(
    (one) =>
      one.file === file && one.statement === statement && one.operator === operator && one.n === n,
  );
}

import type { HostMutant } from '../host-mutant.ts';

/** A mutant that no test can tell from the original, with the argument for it. */
export interface EquivalentMutant {
  readonly file: string;
  /** Hash of the statement, by which an argument about other text does not count. */
  readonly statement: string;
  readonly operator: HostMutant['operator'];
  readonly n: number;
  /** What the change is called, for a reader. */
  readonly becomes: string;
  readonly class: 'unreachable-by-type' | 'same-bits' | 'speed-only';
  readonly why: string;
  /**
   * Of the class `same-bits`, the test or case that proves it: an id, or `file > title`, the whole
   * of it, with the groups around it where others have the same.
   */
  readonly proof?: string;
}

/**
 * Reviewed by people; at most 5 % of a draw. Each is run all the same, and reported when a test or
 * a case turns red.
 */
export const EQUIVALENTS: readonly EquivalentMutant[] = [
  {
    file: 'src/autograd/random-state.ts',
    statement: '18efbdd87380',
    operator: 'swap-arguments',
    n: 1,
    becomes: 'nextBase(counters, this.#base)',
    class: 'same-bits',
    why: 'both are counts below 2^53, whose sum is the same in either order',
    proof:
      'src/autograd/random-state.test.ts > ops take positions one after the other, and move on with the steps',
  },
  {
    file: 'src/gpu/arena.ts',
    statement: 'bd89c453a1ae',
    operator: 'wrong-property',
    n: 1,
    becomes: 'blocks.reduce((most, { last: first }) => ...)',
    class: 'same-bits',
    why: 'as much is in use when the first of those in use together ends as when the last begins',
    proof: 'src/gpu/arena.test.ts > knows the most that is in use at once',
  },
  {
    file: 'src/gpu/gpu.ts',
    statement: '28f6a72492de',
    operator: 'arithmetic',
    n: 1,
    becomes: 'bytes.byteLength / 4 === 0',
    class: 'speed-only',
    why: 'whole words are as many when they are copied, which the question saves',
  },
  {
    file: 'src/gpu/shader.ts',
    statement: 'd890534b48c6',
    operator: 'comparison',
    n: 2,
    becomes: 'binding >= uniforms',
    class: 'same-bits',
    why: 'no buffer of elements has the binding of the uniform struct',
    proof:
      'src/gpu/shader.test.ts > bindings are counted without the uniform struct, wherever it stands',
  },
  {
    file: 'src/ops/matmul/product_quantized.ts',
    statement: '940d00f48a93',
    operator: 'wrong-property',
    n: 1,
    becomes: 'codes.bytes !== bytes',
    class: 'same-bits',
    why: 'an element of codes or trits has one byte',
    proof:
      'src/ops/matmul/launches.test.ts > a product with a quantized weight > is refused: %j with %j',
  },
  {
    file: 'src/ops/optim/amp_adamw_step.ts',
    statement: '6e95f40b71f9',
    operator: 'constant',
    n: 1,
    becomes: 'adamScalars(params, 2)',
    class: 'same-bits',
    why: 'none of these numbers changes with the step',
    proof:
      'src/ops/optim/optimizers.test.ts > what does not change with the step is the same at each',
  },
  {
    file: 'src/ops/optim/amp_adamw_step.ts',
    statement: '6e95f40b71f9',
    operator: 'constant',
    n: 2,
    becomes: 'adamScalars(params, 0)',
    class: 'same-bits',
    why: 'none of these numbers changes with the step',
    proof:
      'src/ops/optim/optimizers.test.ts > what does not change with the step is the same at each',
  },
  {
    file: 'src/ops/optim/amp_sgd_step.ts',
    statement: 'd6231c4fb0c4',
    operator: 'constant',
    n: 1,
    becomes: 'sgdScalars(params, true)',
    class: 'same-bits',
    why: 'none of these numbers is another at the first step',
    proof:
      'src/ops/optim/optimizers.test.ts > what does not change with the step is the same at each',
  },
  {
    file: 'src/ops/quant/dequantize_blockwise.ts',
    statement: 'b6ac34f293d7',
    operator: 'wrong-property',
    n: 1,
    becomes: 'u32(q.bytes), or gridOfFours(q.bytes)',
    class: 'same-bits',
    why: 'an element of codes or trits has one byte',
    proof: 'src/ops/quant/launches.test.ts > blocks of codes > %s: %s',
  },
  {
    file: 'src/ops/quant/ternary_pack.ts',
    statement: '4298a01c3890',
    operator: 'wrong-property',
    n: 1,
    becomes: 'bytesOfTrits(trits.bytes, order)',
    class: 'same-bits',
    why: 'an element of codes or trits has one byte',
    proof: 'src/ops/quant/launches.test.ts > trits > %s: %s',
  },
  {
    file: 'src/ops/quant/ternary_pack.ts',
    statement: '5b851118c0c7',
    operator: 'wrong-property',
    n: 1,
    becomes: 'u32(trits.bytes), or Math.ceil(trits.bytes / (4 * tritsOfByte(order)))',
    class: 'same-bits',
    why: 'an element of codes or trits has one byte',
    proof: 'src/ops/quant/launches.test.ts > trits > %s: %s',
  },
  {
    file: 'src/quant/dynamic/map.ts',
    statement: '724792698061',
    operator: 'comparison',
    n: 1,
    becomes: 'near !== k ? ...',
    class: 'same-bits',
    why: 'counted from the other end the same borders come in the other order, and are sorted',
    proof: 'src/quant/dynamic/map.test.ts > is bitsandbytes 0.50.2 bit by bit',
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
    file: 'src/reference/nn/swiglu_mlp.ts',
    statement: 'f9a097af5690',
    operator: 'swap-arguments',
    n: 1,
    becomes: 'times(raised, dhidden, siluSlope(gated))',
    class: 'same-bits',
    why: 'the first product is the same in either order, and so is what it may be off',
    proof: 'src/reference/nn/swiglu_mlp.test.ts > a layer of two columns is worked out by hand',
  },
  {
    file: 'src/reference/normal.ts',
    statement: '01719ac2eb48',
    operator: 'comparison',
    n: 1,
    becomes: 'x > 0 ? 1 - upperTail(x) : upperTail(-x)',
    class: 'same-bits',
    why: 'at 0 both are one half',
    proof: 'src/reference/normal.test.ts > is symmetric',
  },
  {
    file: 'src/reference/quant/nested.ts',
    statement: '04be1b4fb790',
    operator: 'comparison',
    n: 1,
    becomes: 'a >= aBound',
    class: 'same-bits',
    why: 'an error without end has every code too',
    proof: 'src/reference/quant/nested.test.ts > a scale that is all error may have every code',
  },
  {
    file: 'src/reference/quant/quantize.ts',
    statement: '281cb102dd6f',
    operator: 'comparison',
    n: 2,
    becomes: 'raw[j] <= smallest',
    class: 'same-bits',
    why: 'a scale of 1e-38 itself is what raw[j] is',
    proof:
      'src/reference/quant/quantize.test.ts > is a scale of 1e-38 of a short last block of zeros, and of no other',
  },
  {
    file: 'src/reference/simulation/rounding.ts',
    statement: 'e79bbe012224',
    operator: 'comparison',
    n: 1,
    becomes: 'rest >= 0',
    class: 'same-bits',
    why: 'where the rest is 0 the nearest number has been returned',
    proof:
      'src/reference/simulation/simulated-gpu.test.ts > adds, subtracts and multiplies to a neighbour of the exact result',
  },
  {
    file: 'src/reference/simulation/sums.ts',
    statement: '977e5ee352ff',
    operator: 'off-by-one',
    n: 1,
    becomes: 'i <= terms',
    class: 'same-bits',
    why: 'four terms beyond the last are a sum of none, which is 0',
    proof: 'src/reference/simulation/sums.test.ts > numbers are added one after another',
  },
  {
    file: 'src/reference/step/expected.ts',
    statement: '7a70975204f5',
    operator: 'constant',
    n: 1,
    becomes: 'arithmetic = { depth: ANY_ORDER, ieee: true }',
    class: 'same-bits',
    why: 'bounds of clipping have no rounding that exact division would leave out',
    proof: 'src/reference/step/expected.test.ts > may be off by the roundings of each stage',
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
    file: 'src/testing/investigate.ts',
    statement: '7ac8f00d4ff0',
    operator: 'wrong-property',
    n: 2,
    becomes: 'judge(question.actual, question.actual, ...).ok',
    class: 'same-bits',
    why: 'what is accepted in halves knows the truth itself, and sizes were compared before',
    proof:
      'src/testing/investigate.test.ts > is judged by the format of the result, else of the inputs',
  },
  {
    file: 'src/testing/parity/llama/run-limits.ts',
    statement: '023bc4c261d2',
    operator: 'swap-arguments',
    n: 1,
    becomes: 'judge(truth, actual, limit, this.unjudged(name, truth)).ok',
    class: 'same-bits',
    why: 'limits of a run are bounds of a difference, which is as large from either side',
    proof:
      'src/testing/parity/llama/run-limits.test.ts > is the narrow one for what keeps it, and the wide one for what keeps neither',
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
  argued = EQUIVALENTS,
): EquivalentMutant | undefined {
  return argued.find(
    (one) =>
      one.file === file && one.statement === statement && one.operator === operator && one.n === n,
  );
}

import { type Mutant, mutantId } from './mutants.ts';
import { changedLines } from './verdict.ts';

/** A mutant that no input tells from the original, with the argument for it. */
export interface Equivalent {
  readonly id: string;
  /** The line of the source, and what the mutant makes of it: where they differ from these, the entry is stale and does not count. */
  readonly line: string;
  readonly becomes: string;
  readonly why: string;
}

/** Arguments that several entries share. */
const WHY = {
  fast: 'The fast path stores four elements at once; the loop after it stores the same ones one by one.',
  skip: 'The condition only saves work: the rows that it skips are computed from what lies past the end, and store_rows stores none of them.',
  rows: 'The launcher gives 4 or 8 for ROWS only where there are no more rows; those that are computed beyond are not stored.',
  orient:
    'Which invocation of a workgroup loads which element of a slab: all are loaded either way, only the order of the addresses changes.',
  slab: 'One more slab when k is a multiple of 16: all its terms are past the end, and those are zeros.',
  tree: 'Lanes from `half` on change only partial sums that no later level reads; in the same level their old value is read by lower lanes, which run before or in lock-step on the adapters at hand.',
  same: 'After the last barrier every lane computes the same mean from the same sums; any of them may store it.',
  reciprocal: 'The two loops correct q in both directions: one step too far is taken back by the other, or by the final rounding.',
  shift:
    'At this exponent both shifts are powers of two that keep the block in the range in which its reciprocal is exact to the last place.',
  denormalHalf: 'From 2^-14 to 2^-13 halves are multiples of 2^-24 as below it, so that both formulas round to the same half.',
  smallest:
    'The absmax 1e-38 moves by one unit in the last place, which moves values by less than the 4.5 units that codes are granted at a threshold.',
  silu: 'Both formulas are within their bound on either side of the border, which is a choice.',
  zero: 'At 0 both formulas give exactly a half.',
  end: 'Beyond 104, exp(-x) is below the smallest denormal, wherever the border is drawn.',
  tiny: 'A second moment at the smallest normal float may be flushed to 0 by a legal GPU, so that its root may be 0 or not.',
  lanes: 'With one lane a block the loop has no turn, so that the barrier changes nothing.',
  finite: 'Past the end the other factor is 0, so that this one may be any finite number.',
  ties: 'A value of the map itself is then found as the upper neighbour, at a distance of 0.',
  bits: 'insertBits from bit 32 on changes nothing.',
} as const;

/** Reviewed by people; at most 5 % of the mutants. Each is run all the same, and reported when a case turns red. */
export const EQUIVALENTS: readonly Equivalent[] = [
  {
    id: 'mutate.lib.block_scale:boundary;line=14;n=1',
    line: 'let shift = select(select(0, -64, exponent > 191u), 64, exponent < 64u);',
    becomes: 'let shift = select(select(0, -64, exponent >= 191u), 64, exponent < 64u);',
    why: WHY.shift,
  },
  {
    id: 'mutate.lib.block_scale:boundary;line=46;n=1',
    line: 'while (rest >= i32(m)) {',
    becomes: 'while (rest > i32(m)) {',
    why: WHY.reciprocal,
  },
  {
    id: 'mutate.lib.block_scale:constant;line=9;n=1',
    line: 'const SMALLEST_ABSMAX = 0x006ce3eeu; // 1e-38, a denormal, stands for a smaller absmax; 0 / 1e-38 is 0 in a block of zeros',
    becomes: 'const SMALLEST_ABSMAX = 7136239u; // 1e-38, a denormal, stands for a smaller absmax; 0 / 1e-38 is 0 in a block of zeros',
    why: WHY.smallest,
  },
  {
    id: 'mutate.lib.storage:boundary;line=53;n=1',
    line: 'if (magnitude < 0x38800000u) { // below 2^-14: a multiple of 2^-24',
    becomes: 'if (magnitude <= 0x38800000u) { // below 2^-14: a multiple of 2^-24',
    why: WHY.denormalHalf,
  },
  {
    id: 'mutate.matmul.matmul_4bit:guard;line=48;n=1',
    line: 'if (row + 4u < dims.m) {',
    becomes: 'if true {',
    why: WHY.skip,
  },
  {
    id: 'mutate.matmul.matmul_4bit_subgroup:guard;line=56;n=1',
    line: 'if (ROWS > 4u) {',
    becomes: 'if true {',
    why: WHY.rows,
  },
  {
    id: 'mutate.matmul.matmul_tiled:arguments;line=37;n=1',
    line: 'let load_a = select(local.xy, local.yx, dims.a_k == 1u);',
    becomes: 'let load_a = select(local.yx, local.xy, dims.a_k == 1u);',
    why: WHY.orient,
  },
  {
    id: 'mutate.matmul.matmul_tiled:boundary;line=42;n=1',
    line: 'for (var k = 0u; k < dims.k; k += SLAB) {',
    becomes: 'for (var k = 0u; k <= dims.k; k += SLAB) {',
    why: WHY.slab,
  },
  {
    id: 'mutate.matmul.matmul_tiled:condition;line=37;n=1',
    line: 'let load_a = select(local.xy, local.yx, dims.a_k == 1u);',
    becomes: 'let load_a = select(local.xy, local.yx, dims.a_k != 1u);',
    why: WHY.orient,
  },
  {
    id: 'mutate.matmul.matmul_tiled:constant;line=18;n=1',
    line: 'return select(0.0, a[start + row * dims.a_row + k * dims.a_k], k < dims.k);',
    becomes: 'return select(1.0, a[start + row * dims.a_row + k * dims.a_k], k < dims.k);',
    why: WHY.finite,
  },
  {
    id: 'mutate.nn.accumulate_grad:boundary;line=21;n=1',
    line: 'if (first + 4u <= dims.count) {',
    becomes: 'if (first + 4u < dims.count) {',
    why: WHY.fast,
  },
  {
    id: 'mutate.nn.accumulate_grad:guard;line=21;n=2',
    line: 'if (first + 4u <= dims.count) {',
    becomes: 'if false {',
    why: WHY.fast,
  },
  {
    id: 'mutate.nn.cross_entropy_reduce:boundary;line=28;n=1',
    line: 'if (lane < half) {',
    becomes: 'if (lane <= half) {',
    why: WHY.tree,
  },
  {
    id: 'mutate.nn.cross_entropy_reduce:guard;line=28;n=1',
    line: 'if (lane < half) {',
    becomes: 'if true {',
    why: WHY.tree,
  },
  {
    id: 'mutate.nn.silu:boundary;line=23;n=1',
    line: 'return select(near, far * exp(far), value < vec4f(FAR));',
    becomes: 'return select(near, far * exp(far), value <= vec4f(FAR));',
    why: WHY.silu,
  },
  {
    id: 'mutate.nn.silu:constant;line=16;n=1',
    line: 'const FAR = -80.0;',
    becomes: 'const FAR = -80.00160217;',
    why: WHY.silu,
  },
  {
    id: 'mutate.nn.silu:guard;line=31;n=2',
    line: 'if (first + 4u <= dims.count) {',
    becomes: 'if false {',
    why: WHY.fast,
  },
  {
    id: 'mutate.nn.silu_backward:boundary;line=24;n=1',
    line: 'let s = select(small * large, large, value >= vec4f(0.0));',
    becomes: 'let s = select(small * large, large, value > vec4f(0.0));',
    why: WHY.zero,
  },
  {
    id: 'mutate.nn.silu_backward:boundary;line=34;n=1',
    line: 'if (first + 4u <= dims.count) {',
    becomes: 'if (first + 4u < dims.count) {',
    why: WHY.fast,
  },
  {
    id: 'mutate.nn.silu_backward:constant;line=17;n=1',
    line: 'const END = 104.0;',
    becomes: 'const END = 104.0020828;',
    why: WHY.end,
  },
  {
    id: 'mutate.nn.silu_backward:constant;line=34;n=1',
    line: 'if (first + 4u <= dims.count) {',
    becomes: 'if (first + 5u <= dims.count) {',
    why: WHY.fast,
  },
  {
    id: 'mutate.nn.silu_backward:guard;line=34;n=2',
    line: 'if (first + 4u <= dims.count) {',
    becomes: 'if false {',
    why: WHY.fast,
  },
  {
    id: 'mutate.optim.adamw_step:boundary;line=29;n=1',
    line: 'return select(vec4f(0.0), sqrt(max(v, vec4f(TINY))), v >= vec4f(TINY));',
    becomes: 'return select(vec4f(0.0), sqrt(max(v, vec4f(TINY))), v > vec4f(TINY));',
    why: WHY.tiny,
  },
  {
    id: 'mutate.optim.adamw_step:constant;line=25;n=1',
    line: 'const TINY = 1.1754943508222875e-38; // the smallest normal float32',
    becomes: 'const TINY = 1.175517893e-38; // the smallest normal float32',
    why: WHY.tiny,
  },
  {
    id: 'mutate.optim.adamw_step:constant;line=41;n=1',
    line: 'if (first + 4u <= step.count) {',
    becomes: 'if (first + 5u <= step.count) {',
    why: WHY.fast,
  },
  {
    id: 'mutate.optim.adamw_step:guard;line=41;n=2',
    line: 'if (first + 4u <= step.count) {',
    becomes: 'if false {',
    why: WHY.fast,
  },
  {
    id: 'mutate.quant.block_absmax:guard;line=47;n=1',
    line: 'if (LANES > 1u) {',
    becomes: 'if true {',
    why: WHY.lanes,
  },
  {
    id: 'mutate.quant.center:boundary;line=24;n=1',
    line: 'if (local < half) {',
    becomes: 'if (local <= half) {',
    why: WHY.tree,
  },
  {
    id: 'mutate.quant.center:condition;line=30;n=1',
    line: 'if (local == 0u) {',
    becomes: 'if (local != 0u) {',
    why: WHY.same,
  },
  {
    id: 'mutate.quant.center:guard;line=24;n=1',
    line: 'if (local < half) {',
    becomes: 'if true {',
    why: WHY.tree,
  },
  {
    id: 'mutate.quant.dequantize_4bit:boundary;line=49;n=1',
    line: 'if (first + 8u <= sizes.n) { // a loop here costs a CPU adapter half of its speed',
    becomes: 'if (first + 8u < sizes.n) { // a loop here costs a CPU adapter half of its speed',
    why: WHY.fast,
  },
  {
    id: 'mutate.quant.mean_of_partials:boundary;line=28;n=1',
    line: 'if (local < half) {',
    becomes: 'if (local <= half) {',
    why: WHY.tree,
  },
  {
    id: 'mutate.quant.mean_of_partials:condition;line=34;n=1',
    line: 'if (local == 0u) {',
    becomes: 'if (local != 0u) {',
    why: WHY.same,
  },
  {
    id: 'mutate.quant.mean_of_partials:guard;line=28;n=1',
    line: 'if (local < half) {',
    becomes: 'if true {',
    why: WHY.tree,
  },
  {
    id: 'mutate.quant.quantize_blockwise:boundary;line=24;n=1',
    line: 'if (map[low + step] <= y) {',
    becomes: 'if (map[low + step] < y) {',
    why: WHY.ties,
  },
  {
    id: 'mutate.quant.ternary_matmul:boundary;line=42;n=1',
    line: 'for (var k = 0u; k < dims.k; k += 16u) {',
    becomes: 'for (var k = 0u; k <= dims.k; k += 16u) {',
    why: WHY.slab,
  },
  {
    id: 'mutate.quant.ternary_pack:boundary;line=29;n=1',
    line: 'for (var k = 0u; k < 16u; k++) { // past the end are the zeros that pad a word of trits, then bytes that nobody reads',
    becomes: 'for (var k = 0u; k <= 16u; k++) { // past the end are the zeros that pad a word of trits, then bytes that nobody reads',
    why: WHY.bits,
  },
];

const BY_ID = new Map(EQUIVALENTS.map((entry) => [entry.id, entry]));

/** The argument that a mutant of `source` is equivalent to the original, if there is one and it is not stale. */
export function argumentFor(mutant: Mutant, source: string): string | undefined {
  const entry = BY_ID.get(mutantId(mutant));
  if (!entry) return undefined;
  const { line, becomes } = changedLines(source, mutant);
  return entry.line === line && entry.becomes === becomes ? entry.why : undefined;
}

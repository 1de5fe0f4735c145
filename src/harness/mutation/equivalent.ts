import { changedLines } from './mutant-outcome.ts';
import { type Mutant, mutantId } from './mutants.ts';

/** A mutant that no input tells from the original, with the argument for it. */
export interface Equivalent {
  readonly id: string;
  /**
   * The line of the source, and what the mutant makes of it: where they differ from these, the
   * entry is stale and does not count.
   */
  readonly line: string;
  readonly becomes: string;
  readonly why: string;
}

/** Arguments that several entries share. */
const WHY = {
  orient:
    'Which invocation of a workgroup loads which element of a slab: all are loaded either way, only the order of the addresses changes.',
  reciprocal:
    'The two loops correct q in both directions: one step too far is taken back by the other, or by the final rounding.',
  smallest:
    'The absmax 1e-38 moves by one unit in the last place, which moves values by less than the 4.5 units that codes are granted at a threshold.',
  slices: 'Quotients and comparisons find the same slice: which does is a matter of time.',
  nothingLeft: 'At the end itself nothing is left, and so nothing is stored.',
  silu: 'Both formulas are within their bound on either side of the border, which is a choice.',
  zero: 'At 0 both formulas give exactly a half.',
  nothing:
    'Beyond 104, exp(-x) is below half of the smallest denormal, wherever the border is drawn.',
  far: 'Where exp of whatever is far below 0 gives 0, and nothing is above, the borders change nothing: they are for adapters on which it gives a number of denormals, and none here is one.',
  tiny: 'A second moment at the smallest normal float may be flushed to 0 by a legal GPU, so that its root may be 0 or not.',
  ties: 'A value of the map itself is then found as the upper neighbour, at a distance of 0.',
  marks: 'Marks are divided by their own sum, whatever stands for 1.',
  whole: 'A number is its floor where it is its ceiling.',
  empty:
    'Where 4 i is count, the vector is the first behind the end: the tail of it that would be stored has no elements.',
  stored:
    'What lies past the end is stored as it was read. The condition is for adapters on which a place past the end is the last one, which another invocation changes, and none here is one.',
  again: 'Past the end the walk starts again, and an element is copied once more.',
  saturated: 'Beyond it the result is saturated, wherever the border is drawn.',
  border: 'At the border both are the same number.',
  quotient:
    'Quotients that are off by one are for adapters whose division is, and none here is one.',
  words:
    'Where floats keep infinities and NaN, the sums and products give the same; asking the words is for adapters that do not, and none here is one.',
  anyLanes: 'Invocations share a row whatever their number.',
  lanes: 'All lanes hold the same sum and count, and write the same mean.',
  same: 'The four components are the same number.',
  noClass: 'Any number below 0 stands for no class.',
  nan: 'Every word beyond that of infinity is no number.',
  classes:
    'The two numbers stand for classes: one is added up at most 64 times, and the other is more than that.',
  unread: 'Digits are read where both hold: elsewhere to find them only takes time.',
  unstored: 'Sums of columns or rows that are not stored: the condition only saves the work.',
  hidden: 'Keys beyond the last query are hidden one by one: to end sooner only saves the work.',
  sizes: 'The mean that is made of it is one of sizes, whatever their sign.',
  noTerms:
    'Terms from the end on are the last one again, which changes no largest, or are added as 0.',
  blocks:
    'Blocks of the formats here are powers of two, so that four elements are of one block. Blocks that are rows, which a format may have, tell it.',
} as const;

/**
 * Reviewed by people; at most 5 % of the mutants. Each is run all the same, and reported when a
 * case turns red.
 */
export const EQUIVALENTS: readonly Equivalent[] = [
  {
    id: 'mutate.math.cumsum:arithmetic;line=47;n=1',
    line: 'let end = min((part + 1u) * share, dims.terms);',
    becomes: 'let end = min((part - 1u) * share, dims.terms);',
    why: 'The first share is then the whole row, one term after another, and the others have nothing.',
  },
  {
    id: 'mutate.math.exp_below:unwrap;line=9;n=2',
    line: 'return exp(clamp(x - top, vec4f(NOTHING), vec4f()));',
    becomes: 'return exp(x - top);',
    why: WHY.far,
  },
  {
    id: 'mutate.lib.block_scale:constant;line=14;n=1',
    line: 'const SMALLEST_ABSMAX = 0x006ce3eeu;',
    becomes: 'const SMALLEST_ABSMAX = 7136239u;',
    why: WHY.smallest,
  },
  {
    id: 'mutate.lib.exp:constant;line=4;n=1',
    line: 'const NOTHING = -104.0;',
    becomes: 'const NOTHING = -104.0020828;',
    why: WHY.nothing,
  },
  {
    id: 'mutate.lib.probe:group;line=24;n=1',
    line: '@compute @workgroup_size(64)',
    becomes: '@compute @workgroup_size(63)',
    why: 'The last section asks fewer questions than there are invocations, so that the eight which are missing at its end answer none.',
  },
  {
    id: 'mutate.math.integer_div:boundary;line=17;n=1',
    line: 'let is_above = (pair.a % pair.b != vec4i()) & ((pair.a ^ pair.b) < vec4i());',
    becomes: 'let is_above = (pair.a % pair.b != vec4i()) & ((pair.a ^ pair.b) <= vec4i());',
    why: 'Equal operands leave no remainder.',
  },
  {
    id: 'mutate.lib.quotients:arithmetic;line=7;n=1',
    line: 'return near + vec4i(rest >= vec4i(d)) - vec4i(rest < vec4i());',
    becomes: 'return near - vec4i(rest >= vec4i(d)) - vec4i(rest < vec4i());',
    why: WHY.quotient,
  },
  {
    id: 'mutate.lib.quotients:arithmetic;line=7;n=2',
    line: 'return near + vec4i(rest >= vec4i(d)) - vec4i(rest < vec4i());',
    becomes: 'return near + vec4i(rest >= vec4i(d)) + vec4i(rest < vec4i());',
    why: WHY.quotient,
  },
  {
    id: 'mutate.lib.quotients:boundary;line=7;n=1',
    line: 'return near + vec4i(rest >= vec4i(d)) - vec4i(rest < vec4i());',
    becomes: 'return near + vec4i(rest > vec4i(d)) - vec4i(rest < vec4i());',
    why: WHY.quotient,
  },
  {
    id: 'mutate.lib.quotients:arithmetic;line=13;n=1',
    line: 'return near + i32(rest >= d) - i32(rest < 0);',
    becomes: 'return near - i32(rest >= d) - i32(rest < 0);',
    why: WHY.quotient,
  },
  {
    id: 'mutate.lib.quotients:arithmetic;line=13;n=2',
    line: 'return near + i32(rest >= d) - i32(rest < 0);',
    becomes: 'return near + i32(rest >= d) + i32(rest < 0);',
    why: WHY.quotient,
  },
  {
    id: 'mutate.lib.quotients:boundary;line=13;n=1',
    line: 'return near + i32(rest >= d) - i32(rest < 0);',
    becomes: 'return near + i32(rest > d) - i32(rest < 0);',
    why: WHY.quotient,
  },
  {
    id: 'mutate.matmul.left.pieces:condition;line=23;n=1',
    line: 'return true;',
    becomes: 'return false;',
    why: WHY.orient,
  },
  {
    id: 'mutate.matmul.left.fours:condition;line=13;n=1',
    line: 'return true;',
    becomes: 'return false;',
    why: WHY.orient,
  },
  {
    id: 'mutate.matmul.left.strided:condition;line=26;n=1',
    line: 'return dims.left.k == 1u;',
    becomes: 'return dims.left.k != 1u;',
    why: WHY.orient,
  },
  {
    id: 'mutate.matmul.left.strided:constant;line=26;n=2',
    line: 'return dims.left.k == 1u;',
    becomes: 'return dims.left.k == 0u;',
    why: WHY.orient,
  },
  {
    id: 'mutate.matmul.elements.words:sign;line=15;n=1',
    line: 'return bitcast<f32>(f32_bits_of(found, i, storage));',
    becomes: 'return -(bitcast<f32>(f32_bits_of(found, i, storage)));',
    why: 'Both factors of every product change their sign.',
  },
  {
    id: 'mutate.matmul.right.trits:guard;line=52;n=1',
    line: 'if (BASE3 && ALONG_TERMS) {',
    becomes: 'if true {',
    why: WHY.unread,
  },
  {
    id: 'mutate.matmul.right.trits:logic;line=52;n=1',
    line: 'if (BASE3 && ALONG_TERMS) {',
    becomes: 'if (BASE3 || ALONG_TERMS) {',
    why: WHY.unread,
  },
  {
    id: 'mutate.matmul.right.trits:boundary;line=131;n=1',
    line: 'let wraps = places >= vec4u(5u);',
    becomes: 'let wraps = places > vec4u(5u);',
    why: 'The four digits from the sixth of two bytes on are the first four of the second: a share of 3^-5 finds them as exactly as a byte more does.',
  },
  {
    id: 'mutate.matmul.right.column_groups:component;line=92;n=1',
    line: 'let place = 8u * (groups.x % 4u);',
    becomes: 'let place = 8u * (groups.y % 4u);',
    why: WHY.same,
  },
  {
    id: 'mutate.matmul.right.groups:boundary;line=176;n=1',
    line: 'if (32u % (4u * BITS) != 0u && at + 4u * BITS > 32u) {',
    becomes: 'if (32u % (4u * BITS) != 0u && at + 4u * BITS >= 32u) {',
    why: 'Of a word that four codes end with, the next one lands above all four.',
  },
  {
    id: 'mutate.nn.silu:boundary;line=21;n=1',
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
    id: 'mutate.nn.silu_backward:boundary;line=22;n=1',
    line: 'let s = select(small * large, large, value >= vec4f(0.0));',
    becomes: 'let s = select(small * large, large, value > vec4f(0.0));',
    why: WHY.zero,
  },
  {
    id: 'mutate.optim.adagrad_step:boundary;line=28;n=1',
    line: 'if (4u * i >= step.count) {',
    becomes: 'if (4u * i > step.count) {',
    why: WHY.empty,
  },
  {
    id: 'mutate.optim.adamw_step:boundary;line=33;n=1',
    line: 'if (4u * i >= step.count) {',
    becomes: 'if (4u * i > step.count) {',
    why: WHY.empty,
  },
  {
    id: 'mutate.optim.amp_adamw_step:boundary;line=38;n=1',
    line: 'if (4u * i >= dims.count) {',
    becomes: 'if (4u * i > dims.count) {',
    why: WHY.empty,
  },
  {
    id: 'mutate.optim.amp_sgd_step:boundary;line=35;n=1',
    line: 'if (4u * i >= dims.count) {',
    becomes: 'if (4u * i > dims.count) {',
    why: WHY.empty,
  },
  {
    id: 'mutate.optim.clip_grad_norm:boundary;line=21;n=1',
    line: 'if (size >= INFINITY) {',
    becomes: 'if (size > INFINITY) {',
    why: WHY.words,
  },
  {
    id: 'mutate.optim.clip_grad_norm:boundary;line=38;n=1',
    line: 'if (4u * i >= dims.count) {',
    becomes: 'if (4u * i > dims.count) {',
    why: WHY.empty,
  },
  {
    id: 'mutate.optim.grad_norm:component;line=27;n=1',
    line: 'let finite = bitcast<u32>(root(vec4f(squares)).x);',
    becomes: 'let finite = bitcast<u32>(root(vec4f(squares)).y);',
    why: WHY.same,
  },
  {
    id: 'mutate.optim.grad_norm:boundary;line=28;n=1',
    line: 'norm[lane] = select(select(finite, INFINITY, found >= INFINITE), NOT_A_NUMBER, found >= NO_NUMBER);',
    becomes:
      'norm[lane] = select(select(finite, INFINITY, found > INFINITE), NOT_A_NUMBER, found >= NO_NUMBER);',
    why: WHY.words,
  },
  {
    id: 'mutate.optim.non_finite:constant;line=4;n=2',
    line: 'const MAGNITUDE = 0x7fffffffu; // all but the sign',
    becomes: 'const MAGNITUDE = 2147483646u; // all but the sign',
    why: WHY.words,
  },
  {
    id: 'mutate.optim.non_finite:constant;line=6;n=2',
    line: 'const NOT_A_NUMBER = 0x7fc00000u;',
    becomes: 'const NOT_A_NUMBER = 2143289343u;',
    why: WHY.nan,
  },
  {
    id: 'mutate.optim.non_finite:constant;line=6;n=1',
    line: 'const NOT_A_NUMBER = 0x7fc00000u;',
    becomes: 'const NOT_A_NUMBER = 2143289345u;',
    why: WHY.nan,
  },
  {
    id: 'mutate.optim.non_finite:constant;line=8;n=1',
    line: 'const INFINITE = 1.0;',
    becomes: 'const INFINITE = 1.000020027;',
    why: WHY.classes,
  },
  {
    id: 'mutate.optim.non_finite:constant;line=9;n=1',
    line: 'const NO_NUMBER = 128.0; // more than the infinities of 64 lanes add up to',
    becomes: 'const NO_NUMBER = 128.0025635; // more than the infinities of 64 lanes add up to',
    why: WHY.classes,
  },
  {
    id: 'mutate.optim.root:boundary;line=8;n=1',
    line: 'return select(vec4f(0.0), sqrt(max(v, vec4f(TINY))), v >= vec4f(TINY));',
    becomes: 'return select(vec4f(0.0), sqrt(max(v, vec4f(TINY))), v > vec4f(TINY));',
    why: WHY.tiny,
  },
  {
    id: 'mutate.optim.root:constant;line=3;n=1',
    line: 'const TINY = 1.1754943508222875e-38; // the smallest normal float32',
    becomes: 'const TINY = 1.175517893e-38; // the smallest normal float32',
    why: WHY.tiny,
  },
  {
    id: 'mutate.optim.sgd_step:boundary;line=30;n=1',
    line: 'if (4u * i >= step.count) {',
    becomes: 'if (4u * i > step.count) {',
    why: WHY.empty,
  },
  {
    id: 'mutate.math.histogram:arithmetic;line=31;n=1',
    line: 'while (end - bin > 1u) {',
    becomes: 'while (end + bin > 1u) {',
    why: 'The bin is found by then, and the loop would not end, which every case would notice: what keeps loops of mutants from hanging the adapter ends it.',
  },
  {
    id: 'mutate.math.quantile_next:group;line=18;n=1',
    line: 'const LANES = 64u;',
    becomes: 'const LANES = 63u;',
    why: WHY.anyLanes,
  },
  {
    id: 'mutate.quant.quantize:arithmetic;line=106;n=1',
    line: 'stream = with_four(stream, x.e, i + 4u, scale);',
    becomes: 'stream = with_four(stream, x.e, i - 4u, scale);',
    why: 'Blocks of the formats here are whole 32s, whose scale is found once. Blocks that are rows, which a format may have, tell it: src/cli/runtime/row-blocks.gpu.test.ts.',
  },
  {
    id: 'mutate.quant.min_max:constant;line=26;n=1',
    line: 'var high = 0u;',
    becomes: 'var high = 1u;',
    why: 'No float has so low a key: they are of NaN.',
  },
  {
    id: 'mutate.quant.range_error:component;line=44;n=1',
    line: 'let unit = 1.0 / scale[channel * sizes.fours].x;',
    becomes: 'let unit = 1.0 / scale[channel * sizes.fours].y;',
    why: 'Errors are compared with each other, in whatever unit.',
  },
  {
    id: 'mutate.quant.least_error:boundary;line=30;n=1',
    line: 'if (error[i] < error[best]) {',
    becomes: 'if (error[i] <= error[best]) {',
    why: 'Of equal errors either range is right.',
  },
  {
    id: 'mutate.quant.hqq_refine:sign;line=103;n=1',
    line: 'error[j] = total(sizes);',
    becomes: 'error[j] = -(total(sizes));',
    why: WHY.sizes,
  },
  {
    id: 'mutate.quant.mean_of_partials:guard;line=37;n=1',
    line: 'if (lane < 1u) {',
    becomes: 'if true {',
    why: WHY.lanes,
  },
  {
    id: 'mutate.quant.mean_of_partials:boundary;line=37;n=1',
    line: 'if (lane < 1u) {',
    becomes: 'if (lane <= 1u) {',
    why: WHY.lanes,
  },
  {
    id: 'mutate.quant.map_codes:boundary;line=20;n=1',
    line: 'if (map[low + step] <= y) {',
    becomes: 'if (map[low + step] < y) {',
    why: WHY.ties,
  },
  {
    id: 'mutate.math.clip:boundary;line=7;n=1',
    line: 'let raised = select(x, vec4f(low), x < vec4f(low));',
    becomes: 'let raised = select(x, vec4f(low), x <= vec4f(low));',
    why: WHY.border,
  },
  {
    id: 'mutate.math.clip:boundary;line=8;n=1',
    line: 'return select(raised, vec4f(high), raised > vec4f(high));',
    becomes: 'return select(raised, vec4f(high), raised >= vec4f(high));',
    why: WHY.border,
  },
  {
    id: 'mutate.math.relu:boundary;line=7;n=1',
    line: 'return select(x, vec4f(), x < vec4f());',
    becomes: 'return select(x, vec4f(), x <= vec4f());',
    why: WHY.border,
  },
  {
    id: 'mutate.math.sigmoid:boundary;line=10;n=1',
    line: 'return select(small * large, large, x >= vec4f());',
    becomes: 'return select(small * large, large, x > vec4f());',
    why: WHY.zero,
  },
  {
    id: 'mutate.nn.bce_with_logits_backward_input:boundary;line=17;n=1',
    line: 'let positive = p.x >= vec4f();',
    becomes: 'let positive = p.x > vec4f();',
    why: WHY.zero,
  },
  {
    id: 'mutate.math.reduce_max_backward:sign;line=8;n=1',
    line: 'return select(vec4f(), vec4f(1.0), x == maximum);',
    becomes: 'return -(select(vec4f(), vec4f(1.0), x == maximum));',
    why: WHY.marks,
  },
  {
    id: 'mutate.math.reduce_max_backward:constant;line=8;n=1',
    line: 'return select(vec4f(), vec4f(1.0), x == maximum);',
    becomes: 'return select(vec4f(), vec4f(1.000020027), x == maximum);',
    why: WHY.marks,
  },
  {
    id: 'mutate.shape.copy:boundary;line=40;n=1',
    line: 'if (i >= dims.count) {',
    becomes: 'if (i > dims.count) {',
    why: WHY.again,
  },
  {
    id: 'mutate.math.gelu:boundary;line=10;n=1',
    line: 'return select(far, x - far, x >= vec4f());',
    becomes: 'return select(far, x - far, x > vec4f());',
    why: WHY.border,
  },
  {
    id: 'mutate.math.gelu_backward:boundary;line=10;n=1',
    line: 'return dy * (select(tail, 1.0 - tail, x >= vec4f()) + x * (PEAK * density));',
    becomes: 'return dy * (select(tail, 1.0 - tail, x > vec4f()) + x * (PEAK * density));',
    why: WHY.silu,
  },
  {
    id: 'mutate.math.gelu_tanh:constant;line=11;n=1',
    line: 'const SATURATED = 20.0;',
    becomes: 'const SATURATED = 20.00040054;',
    why: WHY.saturated,
  },
  {
    id: 'mutate.math.erf:boundary;line=13;n=1',
    line: 'return select(far, near, abs(x) < vec4f(1.0));',
    becomes: 'return select(far, near, abs(x) <= vec4f(1.0));',
    why: WHY.silu,
  },
  {
    id: 'mutate.math.erf:constant;line=13;n=1',
    line: 'return select(far, near, abs(x) < vec4f(1.0));',
    becomes: 'return select(far, near, abs(x) < vec4f(1.000020027));',
    why: WHY.silu,
  },
  {
    id: 'mutate.math.power:call;line=4;n=1',
    line: 'let whole = floor(b) == b;',
    becomes: 'let whole = ceil(b) == b;',
    why: WHY.whole,
  },
  {
    id: 'mutate.math.power:call;line=6;n=1',
    line: 'let odd = whole & (floor(half) != half);',
    becomes: 'let odd = whole & (ceil(half) != half);',
    why: WHY.whole,
  },
  {
    id: 'mutate.math.power:arguments;line=7;n=1',
    line: 'let size = exp(b * log(select(a, abs(a), whole)));',
    becomes: 'let size = exp(b * log(select(abs(a), a, whole)));',
    why: 'A logarithm of a negative number may be anything: on this adapter it is that of its size.',
  },
  {
    id: 'mutate.math.power:boundary;line=8;n=1',
    line: 'let result = select(size, -size, odd & (a < vec4f()));',
    becomes: 'let result = select(size, -size, odd & (a <= vec4f()));',
    why: 'Powers of 0 are replaced in the next line, but for those that are infinite.',
  },
  {
    id: 'mutate.math.power:boundary;line=9;n=1',
    line: 'let over = select(result, vec4f(), (a == vec4f()) & (b > vec4f()));',
    becomes: 'let over = select(result, vec4f(), (a == vec4f()) & (b >= vec4f()));',
    why: 'What has an exponent of 0 is replaced in the next line.',
  },
  {
    id: 'mutate.math.tanh_forward:boundary;line=13;n=1',
    line: 'return select(far, near, abs(x) < vec4f(1.0));',
    becomes: 'return select(far, near, abs(x) <= vec4f(1.0));',
    why: WHY.silu,
  },
  {
    id: 'mutate.math.binary:constant;line=27;n=1',
    line: 'const FOURS = 2u;',
    becomes: 'const FOURS = 3u;',
    why: 'Each element has a place of its own then, which gives the same and takes longer.',
  },
  {
    id: 'mutate.math.where:constant;line=27;n=1',
    line: 'const FOURS = 2u;',
    becomes: 'const FOURS = 3u;',
    why: 'Each element has a place of its own then, which gives the same and takes longer.',
  },
  {
    id: 'mutate.math.argmax:boundary;line=30;n=1',
    line: 'for (var term = first; term < run.end; term = after(term)) {',
    becomes: 'for (var term = first; term <= run.end; term = after(term)) {',
    why: WHY.noTerms,
  },
  {
    id: 'mutate.math.exp_sum:boundary;line=27;n=1',
    line: 'for (var term = first; term < run.end; term = after(term)) {',
    becomes: 'for (var term = first; term <= run.end; term = after(term)) {',
    why: WHY.noTerms,
  },
  {
    id: 'mutate.math.reduce_sum:boundary;line=27;n=1',
    line: 'for (var term = first; term < run.end; term = after(term)) {',
    becomes: 'for (var term = first; term <= run.end; term = after(term)) {',
    why: WHY.noTerms,
  },
  {
    id: 'mutate.math.argmax_fours:boundary;line=21;n=1',
    line: 'for (var first = own.first; first < own.end; ) {',
    becomes: 'for (var first = own.first; first <= own.end; ) {',
    why: 'A run of no terms is asked for until the fuel is spent, which is a matter of time.',
  },
  {
    id: 'mutate.math.ranking:boundary;line=35;n=1',
    line: 'let later = (b.indices > a.indices) == vec4<bool>(LAST);',
    becomes: 'let later = (b.indices >= a.indices) == vec4<bool>(LAST);',
    why: 'What is at the same place is the same term.',
  },
  {
    id: 'mutate.shape.transpose:boundary;line=32;n=1',
    line: 'if (matrix >= dims.count || row >= dims.rows || column >= dims.columns) {',
    becomes: 'if (matrix > dims.count || row >= dims.rows || column >= dims.columns) {',
    why: 'Workgroups are one too many where they are over 65,535, of at least 65 million elements.',
  },
  {
    id: 'mutate.math.key:constant;line=8;n=2',
    line: 'let signless = select(ordered, 0x80000000u, magnitude == 0u);',
    becomes: 'let signless = select(ordered, 2147483647u, magnitude == 0u);',
    why: 'No float but the zeros has either number for a key.',
  },
  {
    id: 'mutate.math.topk_exchange:boundary;line=23;n=1',
    line: 'if (i >= dims.count) {',
    becomes: 'if (i > dims.count) {',
    why: 'The pair lies past the end, where nothing reads it.',
  },
  {
    id: 'mutate.math.topk_exchange:boundary;line=30;n=2',
    line: 'let is_behind = a.x < b.x || (a.x == b.x && a.y > b.y);',
    becomes: 'let is_behind = a.x < b.x || (a.x == b.x && a.y >= b.y);',
    why: 'Only what fills a row up is equal in both, and to change its places changes nothing.',
  },
  {
    id: 'mutate.math.topk_pairs:constant;line=33;n=3',
    line: 'pairs[i] = select(vec2u(0u, 0xffffffffu), vec2u(choice_of(x[at]), index), exists);',
    becomes: 'pairs[i] = select(vec2u(0u, 4294967294u), vec2u(choice_of(x[at]), index), exists);',
    why: 'Any number that is larger than all indices puts what fills a row up behind its elements.',
  },
  {
    id: 'mutate.nn.cross_entropy_backward:guard;line=68;n=1',
    line: 'if (SMOOTHED) {',
    becomes: 'if true {',
    why: 'Without smoothing the factor is 0: the condition only saves the work.',
  },
  {
    id: 'mutate.nn.cross_entropy_rows:constant;line=41;n=1',
    line: 'return -1;',
    becomes: 'return -2;',
    why: WHY.noClass,
  },
  {
    id: 'mutate.nn.linear_cross_entropy_rows:constant;line=31;n=1',
    line: 'return -1;',
    becomes: 'return -2;',
    why: WHY.noClass,
  },
  {
    id: 'mutate.nn.target:constant;line=11;n=4',
    line: 'return select(clamp(label, 0, i32(classes) - 1), -1, label == ignore_index);',
    becomes: 'return select(clamp(label, 0, i32(classes) - 1), -2, label == ignore_index);',
    why: WHY.noClass,
  },
  {
    id: 'mutate.nn.log_softmax:arithmetic;line=27;n=1',
    line: 'sums += select(vec4f(), powers, four.inside);',
    becomes: 'sums -= select(vec4f(), powers, four.inside);',
    why: 'The adapter takes the logarithm of a negative number as that of its size; others give no number.',
  },
  {
    id: 'mutate.optim.adadelta_step:guard;line=31;n=2',
    line: 'if (4u * i >= step.count) {',
    becomes: 'if false {',
    why: WHY.stored,
  },
  {
    id: 'mutate.optim.adadelta_step:boundary;line=31;n=1',
    line: 'if (4u * i >= step.count) {',
    becomes: 'if (4u * i > step.count) {',
    why: WHY.empty,
  },
  {
    id: 'mutate.optim.adagrad_step:guard;line=28;n=2',
    line: 'if (4u * i >= step.count) {',
    becomes: 'if false {',
    why: WHY.stored,
  },
  {
    id: 'mutate.optim.adamw_step:guard;line=33;n=2',
    line: 'if (4u * i >= step.count) {',
    becomes: 'if false {',
    why: WHY.stored,
  },
  {
    id: 'mutate.optim.adamw_step:constant;line=33;n=2',
    line: 'if (4u * i >= step.count) {',
    becomes: 'if (3u * i >= step.count) {',
    why: WHY.stored,
  },
  {
    id: 'mutate.optim.amsgrad_step:guard;line=34;n=2',
    line: 'if (4u * i >= step.count) {',
    becomes: 'if false {',
    why: WHY.stored,
  },
  {
    id: 'mutate.optim.amsgrad_step:boundary;line=34;n=1',
    line: 'if (4u * i >= step.count) {',
    becomes: 'if (4u * i > step.count) {',
    why: WHY.empty,
  },
  {
    id: 'mutate.optim.nadam_step:guard;line=34;n=2',
    line: 'if (4u * i >= step.count) {',
    becomes: 'if false {',
    why: WHY.stored,
  },
  {
    id: 'mutate.optim.nadam_step:boundary;line=34;n=1',
    line: 'if (4u * i >= step.count) {',
    becomes: 'if (4u * i > step.count) {',
    why: WHY.empty,
  },
  {
    id: 'mutate.optim.adamw8bit_step:component;line=55;n=1',
    line: 'if (of_device.w == 0.0) {',
    becomes: 'if (of_device.z == 0.0) {',
    why: 'Of a step that is left out all four are 0, and the correction of one that is taken never is.',
  },
  {
    id: 'mutate.optim.amp_step_rates:constant;line=19;n=2',
    line: 'now[0] = select(vec4f(), vec4f(row.xyz, 1.0), found_inf[0] == 0.0);',
    becomes: 'now[0] = select(vec4f(), vec4f(row.xyz, 1.000020027), found_inf[0] == 0.0);',
    why: 'It is asked for being 0 alone.',
  },
  {
    id: 'mutate.optim.radam_step:boundary;line=34;n=1',
    line: 'if (4u * i >= step.count) {',
    becomes: 'if (4u * i > step.count) {',
    why: WHY.empty,
  },
  {
    id: 'mutate.optim.rmsprop_step:boundary;line=38;n=1',
    line: 'if (4u * i >= step.count) {',
    becomes: 'if (4u * i > step.count) {',
    why: WHY.empty,
  },
  {
    id: 'mutate.optim.rmsprop_step:guard;line=56;n=1',
    line: 'if (MOMENTUM) {',
    becomes: 'if true {',
    why: 'Without momentum the factor is 0, and nothing reads the buffer: the condition only saves the work.',
  },
  {
    id: 'mutate.optim.sgd_step:guard;line=30;n=2',
    line: 'if (4u * i >= step.count) {',
    becomes: 'if false {',
    why: WHY.stored,
  },
  {
    id: 'mutate.quant.dequantize:guard;line=44;n=1',
    line: '} else if (!ALIGNED) {',
    becomes: '} else if true {',
    why: 'The same words are stored one by one, which takes longer.',
  },
  {
    id: 'mutate.nn.shared_row:arithmetic;line=79;n=1',
    line: 'for (var apart = LANES / 2u; apart != 0u; apart /= 2u) {',
    becomes: 'for (var apart = LANES * 2u; apart != 0u; apart /= 2u) {',
    why: 'A place past the end of the workgroup is its last one, and the largest of the same row may be found twice.',
  },
  {
    id: 'mutate.attention.attention_delta:constant;line=32;n=1',
    line: 'row_facts[row] = vec4f(row_stats[row], sum, 0.0);',
    becomes: 'row_facts[row] = vec4f(row_stats[row], sum, 1.0);',
    why: 'Nothing reads the fourth component, which is there for the size of a vector.',
  },
  {
    id: 'mutate.attention.attention_flash:guard;line=26;n=1',
    line: 'if (COLUMNS > 1u) { (*sums)[1] = plus_weighted((*sums)[1], weights, four_values(at + 4u)); }',
    becomes: 'if true { (*sums)[1] = plus_weighted((*sums)[1], weights, four_values(at + 4u)); }',
    why: WHY.unstored,
  },
  {
    id: 'mutate.attention.attention_flash:boundary;line=26;n=1',
    line: 'if (COLUMNS > 1u) { (*sums)[1] = plus_weighted((*sums)[1], weights, four_values(at + 4u)); }',
    becomes:
      'if (COLUMNS >= 1u) { (*sums)[1] = plus_weighted((*sums)[1], weights, four_values(at + 4u)); }',
    why: WHY.unstored,
  },
  {
    id: 'mutate.attention.attention_flash_backward_kv:boundary;line=39;n=1',
    line: 'if (COLUMNS > 1u) { (*sums)[1] = plus_weighted((*sums)[1], weights, four_rows(at + 4u)); }',
    becomes:
      'if (COLUMNS >= 1u) { (*sums)[1] = plus_weighted((*sums)[1], weights, four_rows(at + 4u)); }',
    why: WHY.unstored,
  },
  {
    id: 'mutate.attention.attention_flash_backward_kv:guard;line=165;n=1',
    line: 'if (COLUMNS > 4u) { store(sums[4], place, first, column + 64u); }',
    becomes: 'if true { store(sums[4], place, first, column + 64u); }',
    why: 'With four vectors or fewer there is one block of columns, which ends before these: none of them is inside.',
  },
  {
    id: 'mutate.attention.attention_flash_backward_q:guard;line=27;n=1',
    line: 'if (COLUMNS > 1u) { (*sums)[1] = plus_weighted((*sums)[1], weights, four_keys(at + 4u)); }',
    becomes: 'if true { (*sums)[1] = plus_weighted((*sums)[1], weights, four_keys(at + 4u)); }',
    why: WHY.unstored,
  },
  {
    id: 'mutate.attention.attention_flash_backward_q:boundary;line=27;n=1',
    line: 'if (COLUMNS > 1u) { (*sums)[1] = plus_weighted((*sums)[1], weights, four_keys(at + 4u)); }',
    becomes:
      'if (COLUMNS >= 1u) { (*sums)[1] = plus_weighted((*sums)[1], weights, four_keys(at + 4u)); }',
    why: WHY.unstored,
  },
  {
    id: 'mutate.attention.attention_tiled_backward_kv:guard;line=88;n=1',
    line: 'if (!OF_VALUES) {',
    becomes: 'if true {',
    why: 'For the gradient of values nothing reads the products: the condition only saves the work.',
  },
  {
    id: 'mutate.attention.tiles:call;line=25;n=1',
    line: 'return select(attention.keys, min(attention.keys, last + 1u), attention.causal != 0u);',
    becomes:
      'return select(attention.keys, max(attention.keys, last + 1u), attention.causal != 0u);',
    why: WHY.hidden,
  },
  {
    id: 'mutate.attention.tiles:arithmetic;line=25;n=1',
    line: 'return select(attention.keys, min(attention.keys, last + 1u), attention.causal != 0u);',
    becomes:
      'return select(attention.keys, min(attention.keys, last - 1u), attention.causal != 0u);',
    why: 'Where keys end is rounded up to a whole tile, which is the same one.',
  },
  {
    id: 'mutate.attention.tiles:constant;line=25;n=1',
    line: 'return select(attention.keys, min(attention.keys, last + 1u), attention.causal != 0u);',
    becomes:
      'return select(attention.keys, min(attention.keys, last + 2u), attention.causal != 0u);',
    why: WHY.hidden,
  },
  {
    id: 'mutate.matmul.quad:guard;line=74;n=1',
    line: 'if (ROWS > 8u) {',
    becomes: 'if true {',
    why: WHY.unstored,
  },
  {
    id: 'mutate.matmul.split:guard;line=46;n=1',
    line: 'if (ROWS > 1u) {',
    becomes: 'if true {',
    why: WHY.unstored,
  },
  {
    id: 'mutate.matmul.split:boundary;line=60;n=1',
    line: 'if (ROWS > 1u) {',
    becomes: 'if (ROWS >= 1u) {',
    why: WHY.unstored,
  },
  {
    id: 'mutate.matmul.workgroup:arguments;line=25;n=1',
    line: 'return select(vec2u(i % (TILE / 4u), i / (TILE / 4u)), vec2u(i / FOURS, i % FOURS), dense_terms);',
    becomes:
      'return select(vec2u(i / FOURS, i % FOURS), vec2u(i % (TILE / 4u), i / (TILE / 4u)), dense_terms);',
    why: WHY.orient,
  },
  {
    id: 'mutate.matmul.workgroup:arguments;line=80;n=1',
    line: 'let own = block_of(local % blocks, select(right_runs_along_terms(), left_runs_along_terms(), of_rows));',
    becomes:
      'let own = block_of(local % blocks, select(left_runs_along_terms(), right_runs_along_terms(), of_rows));',
    why: WHY.orient,
  },
  {
    id: 'mutate.matmul.register:guard;line=42;n=1',
    line: 'if (ROWS > 1u) {',
    becomes: 'if true {',
    why: WHY.unstored,
  },
  {
    id: 'mutate.matmul.register:guard;line=51;n=1',
    line: 'if (ROWS > 1u) {',
    becomes: 'if true {',
    why: WHY.unstored,
  },
  {
    id: 'mutate.matmul.register:boundary;line=51;n=1',
    line: 'if (ROWS > 1u) {',
    becomes: 'if (ROWS >= 1u) {',
    why: WHY.unstored,
  },
  {
    id: 'mutate.matmul.register:boundary;line=35;n=1',
    line: 'for (var first = 0u; 2u * first < fours; first += right_eights()) {',
    becomes: 'for (var first = 0u; 2u * first <= fours; first += right_eights()) {',
    why: 'Past the last eight there are no terms: what they would share is found and not used.',
  },
  {
    id: 'mutate.matmul.right.strided:condition;line=26;n=1',
    line: 'return dims.right.k == 1u;',
    becomes: 'return dims.right.k != 1u;',
    why: WHY.orient,
  },
  {
    id: 'mutate.matmul.right.strided:constant;line=26;n=2',
    line: 'return dims.right.k == 1u;',
    becomes: 'return dims.right.k == 0u;',
    why: WHY.orient,
  },
  {
    id: 'mutate.lib.quantized_weight:constant;line=13;n=1',
    line: 'const COUNT = vec4u(0u, 1u, 2u, 3u);',
    becomes: 'const COUNT = vec4u(1u, 1u, 2u, 3u);',
    why: WHY.blocks,
  },
  {
    id: 'mutate.lib.quantized_weight:guard;line=27;n=2',
    line: 'if (ALIGNED) {',
    becomes: 'if false {',
    why: 'Eight that are a word are decoded like any others then, which gives the same and takes longer.',
  },
  {
    id: 'mutate.lib.quantized_weight:constant;line=40;n=2',
    line: 'return four_values(place.shift, packed[place.word], packed[place.word + 1u]);',
    becomes: 'return four_values(place.shift, packed[place.word], packed[place.word + 0u]);',
    why: 'Four codes of 4 bits never reach into the next word; those of 6 bits in the recipe of a format do.',
  },
  {
    id: 'mutate.lib.quantized_weight:component;line=45;n=1',
    line: 'return vec4f(absmax[blocks.x], absmax[blocks.y], absmax[blocks.z], absmax[blocks.w]);',
    becomes:
      'return vec4f(absmax[blocks.y], absmax[blocks.y], absmax[blocks.z], absmax[blocks.w]);',
    why: WHY.blocks,
  },
  {
    id: 'mutate.lib.quantized_weight:component;line=45;n=3',
    line: 'return vec4f(absmax[blocks.x], absmax[blocks.y], absmax[blocks.z], absmax[blocks.w]);',
    becomes:
      'return vec4f(absmax[blocks.x], absmax[blocks.y], absmax[blocks.w], absmax[blocks.w]);',
    why: WHY.blocks,
  },
  {
    id: 'mutate.matmul.dots.unpacked:sign;line=7;n=1',
    line: 'return bitcast<vec4i>(vec4u(word) << vec4u(24u, 16u, 8u, 0u)) >> vec4u(24u);',
    becomes: 'return -(bitcast<vec4i>(vec4u(word) << vec4u(24u, 16u, 8u, 0u)) >> vec4u(24u));',
    why: 'Both operands are read so, and a product of two that change their sign does not.',
  },
  {
    id: 'mutate.matmul.int8_matmul:guard;line=38;n=1',
    line: 'if (ROWS > 1u) {',
    becomes: 'if true {',
    why: WHY.unstored,
  },
  {
    id: 'mutate.matmul.int8_matmul:boundary;line=38;n=1',
    line: 'if (ROWS > 1u) {',
    becomes: 'if (ROWS >= 1u) {',
    why: WHY.unstored,
  },
  {
    id: 'mutate.matmul.int8_quad:guard;line=62;n=1',
    line: 'if (ROWS > 4u) {',
    becomes: 'if true {',
    why: WHY.unstored,
  },
  {
    id: 'mutate.quant.gguf_blocks:logic;line=142;n=1',
    line: 'if (KIND == Q4_K || KIND == Q5_K) {',
    becomes: 'if (KIND == Q4_K && KIND == Q5_K) {',
    why: 'None of their blocks begins in the middle of a word: the condition only saves a load.',
  },
  {
    id: 'mutate.matmul.right.across:condition;line=24;n=1',
    line: 'return true;',
    becomes: 'return false;',
    why: WHY.orient,
  },
  {
    id: 'mutate.lib.slices:guard;line=35;n=1',
    line: 'if (SLICES > 4u) {',
    becomes: 'if true {',
    why: WHY.slices,
  },
  {
    id: 'mutate.lib.slices:boundary;line=35;n=1',
    line: 'if (SLICES > 4u) {',
    becomes: 'if (SLICES >= 4u) {',
    why: WHY.slices,
  },
  {
    id: 'mutate.lib.block_scale:component;line=19;n=1',
    line: 'scale.factor = nearest_reciprocal(raised(vec4u(bits), scale).x);',
    becomes: 'scale.factor = nearest_reciprocal(raised(vec4u(bits), scale).y);',
    why: WHY.same,
  },
  {
    id: 'mutate.lib.block_scale:component;line=27;n=1',
    line: 'scale.factor = 127.0 * nearest_reciprocal(raised(vec4u(bits), scale).x);',
    becomes: 'scale.factor = 127.0 * nearest_reciprocal(raised(vec4u(bits), scale).y);',
    why: WHY.same,
  },
  {
    id: 'mutate.lib.block_scale:boundary;line=34;n=1',
    line: 'if (exponent < 64u) {',
    becomes: 'if (exponent <= 64u) {',
    why: 'At this exponent both ranges keep the reciprocal exact to the last place.',
  },
  {
    id: 'mutate.lib.block_scale:sign;line=53;n=1',
    line: 'return select(bitcast<vec4f>(bits + vec4u(scale.raise)), small, is_small);',
    becomes: 'return -(select(bitcast<vec4f>(bits + vec4u(scale.raise)), small, is_small));',
    why: 'The factor is the reciprocal of such a number, so that signs change twice.',
  },
  {
    id: 'mutate.lib.block_scale:constant;line=74;n=2',
    line: 'return (bits & 0x7fffffu) | 0x800000u;',
    becomes: 'return (bits & 8388606u) | 0x800000u;',
    why: 'A reciprocal moves by one unit in the last place at most, which moves values by less than the 4.5 units that codes are granted at a threshold.',
  },
  {
    id: 'mutate.lib.block_scale:drop-statement;line=87;n=1',
    line: 'q += 1u;',
    becomes: ';',
    why: WHY.quotient,
  },
  {
    id: 'mutate.nn.weighted_pairs:guard;line=44;n=1',
    line: 'if (WEIGHTED || POS_WEIGHTED) {',
    becomes: 'if true {',
    why: 'Without weights each is found to be 1: the condition only saves the work.',
  },
  {
    id: 'mutate.quant.dequantize_rows:logic;line=39;n=1',
    line: 'if (SHARED || 4u * w + 3u < sizes.n) {',
    becomes: 'if (SHARED && 4u * w + 3u < sizes.n) {',
    why: 'Four elements that are all there may be stored one by one: the condition only saves the work.',
  },
  {
    id: 'mutate.quant.fp4:constant;line=21;n=3',
    line: 'const B_STEPS = vec4f(1.0, -3.0, 1.0, 0.0);',
    becomes: 'const B_STEPS = vec4f(1.0, -3.0, 1.000020027, 0.0);',
    why: 'Beside 2^23 the sum is a whole number all the same.',
  },
  {
    id: 'mutate.quant.linear_scale:guard;line=24;n=2',
    line: 'if (adjacent) {',
    becomes: 'if false {',
    why: 'Scales that are adjacent are found one by one as well: the condition only saves the work.',
  },
  {
    id: 'mutate.quant.ternary_unpack_base3:component;line=31;n=1',
    line: 'let share = shares_of(vec4u(first % 5u)).x;',
    becomes: 'let share = shares_of(vec4u(first % 5u)).y;',
    why: WHY.same,
  },
  {
    id: 'mutate.quant.outlier_list:group;line=16;n=1',
    line: 'const LANES = 64u;',
    becomes: 'const LANES = 63u;',
    why: WHY.anyLanes,
  },
  {
    id: 'mutate.math.quantile_count:group;line=25;n=1',
    line: 'const LANES = 64u;',
    becomes: 'const LANES = 63u;',
    why: WHY.anyLanes,
  },
  {
    id: 'mutate.math.quantile_next:boundary;line=32;n=1',
    line: 'for (var i = group.x * LANES + lane; i < sizes.width; i += 4u * all) {',
    becomes: 'for (var i = group.x * LANES + lane; i <= sizes.width; i += 4u * all) {',
    why: 'Behind the last element it is the last one that is looked at again.',
  },
  {
    id: 'mutate.math.quantile_next:constant;line=40;n=2',
    line: 'let larger = select(vec4u(0xffffffffu), others, others > vec4u(key));',
    becomes: 'let larger = select(vec4u(4294967294u), others, others > vec4u(key));',
    why: 'No float has so high a key: they are of NaN. Where no element is larger, nothing reads it.',
  },
  {
    id: 'mutate.quant.block_absmax:guard;line=50;n=1',
    line: 'if (LANES > 1u) {',
    becomes: 'if true {',
    why: 'One lane has no others to look at: the condition only spares the barrier.',
  },
  {
    id: 'mutate.quant.gguf_q8_0:boundary;line=20;n=1',
    line: 'return word_of(whole_bits(select(level, -level, y < vec4f())) & vec4u(0xffu));',
    becomes: 'return word_of(whole_bits(select(level, -level, y <= vec4f())) & vec4u(0xffu));',
    why: 'Zero of either sign has the same bits in the sum.',
  },
  {
    id: 'mutate.quant.gguf_q4_0:boundary;line=33;n=1',
    line: 'let is_above = extreme >= 0.0;',
    becomes: 'let is_above = extreme > 0.0;',
    why: 'Of a block of zeros it is the sign of a zero scale, which WGSL leaves open.',
  },
  {
    id: 'mutate.quant.hqq_encode:guard;line=39;n=1',
    line: 'if (!SHARED) {',
    becomes: 'if true {',
    why: 'What all share is found for each as well: to know it only saves the work.',
  },
  {
    id: 'mutate.quant.quanto_pack:boundary;line=28;n=1',
    line: 'if (shift + left > 32u && shift > 0u) {',
    becomes: 'if (shift + left >= 32u && shift > 0u) {',
    why: 'Where the codes end with the word, none of the next word is kept.',
  },
  {
    id: 'mutate.quant.quanto_scale:boundary;line=38;n=1',
    line: 'for (var i = first; i < end; i += 4u * step) {',
    becomes: 'for (var i = first; i <= end; i += 4u * step) {',
    why: 'Behind the last number it is the last one that is looked at again.',
  },
  {
    id: 'mutate.quant.ternary_dequantize:boundary;line=38;n=1',
    line: 'if (16u * w >= sizes.n) {',
    becomes: 'if (16u * w > sizes.n) {',
    why: WHY.nothingLeft,
  },
  {
    id: 'mutate.quant.ternary_encode:boundary;line=56;n=1',
    line: 'let signs = select(vec4u(1u), vec4u(255u), x < vec4f());',
    becomes: 'let signs = select(vec4u(1u), vec4u(255u), x <= vec4f());',
    why: 'Zero is above no limit.',
  },
];

const BY_ID = new Map(EQUIVALENTS.map((entry) => [entry.id, entry]));

/**
 * The argument that a mutant of `source` is equivalent to the original, if there is one and it is
 * not stale.
 */
export function argumentFor(mutant: Mutant, source: string): string | undefined {
  const entry = BY_ID.get(mutantId(mutant));
  if (!entry) return undefined;
  const { line, becomes } = changedLines(source, mutant);
  return entry.line === line && entry.becomes === becomes ? entry.why : undefined;
}

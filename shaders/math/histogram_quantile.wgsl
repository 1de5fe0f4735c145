import package::lib::philox::high_product;

// y[0] = the quantile q of what a histogram counted, linear in its bin: the element at place
// q (n - 1) of the n sorted ones, as if those of a bin lay evenly from its lower edge on. A histogram
// that counted nothing has no quantile: a NaN. counts: [bins]; edges: [bins + 1], ascending. One
// workgroup, in which each invocation has some bins.

struct Place {
  bins: u32,
  share: u32,    // q, in steps of 2^-32, so that no rounding moves a place into another bin
  is_last: u32,  // whether q is 1, which so many steps do not reach
}

const LANES = 256u;
const NOT_A_NUMBER = 0x7fc00000u;

@group(0) @binding(0) var<storage, read> counts: array<u32>;
@group(0) @binding(1) var<storage, read> edges: array<f32>;
// Words, since compilers may take for granted that no float is a NaN.
@group(0) @binding(2) var<storage, read_write> y: array<u32>;
@group(0) @binding(3) var<uniform> place: Place;

var<workgroup> sums: array<u32, LANES>;

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) lane: u32) {
  let each = (place.bins + LANES - 1u) / LANES;
  let first = min(lane * each, place.bins);
  let end = min(first + each, place.bins);
  var own = 0u;
  for (var bin = first; bin < end; bin++) {
    own += counts[bin];
  }
  sums[lane] = own;
  workgroupBarrier();
  var below = 0u;
  var total = 0u;
  for (var other = 0u; other < LANES; other++) {
    below += select(0u, sums[other], other < lane);
    total += sums[other];
  }
  if (total == 0u) {
    if (lane == 0u) {
      y[0] = NOT_A_NUMBER;
    }
    return;
  }
  let last = total - 1u;
  let is_last = place.is_last != 0u;
  let rank = select(high_product(place.share, last), last, is_last);
  let part = select(f32(place.share * last) * 0x1p-32, 0.0, is_last);
  for (var bin = first; bin < end; bin++) {
    let count = counts[bin];
    if (rank >= below && rank - below < count) {
      let low = edges[bin];
      let offset = (f32(rank - below) + part) / f32(count);
      y[0] = bitcast<u32>(low + offset * (edges[bin + 1u] - low));
    }
    below += count;
  }
}

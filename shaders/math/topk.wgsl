import package::lib::grid::linear_index;
import package::math::key::key_of;
import package::nn::along_axis::start_of;

// The k largest elements of each row along an axis, or with SMALLEST the smallest, in order, and
// where they are. Of equal ones the first comes first; a NaN is larger than all. x: [outer, C,
// inner]; values, indices: [outer, k, inner], rows = outer * inner. Elements are floats or INTEGERS
// of 32 bits and travel as bits. One workgroup a row, which in each of the rounds from `first` to
// `end` looks at its C elements for the one that comes after the last that was found.

struct Dims {
  rows: u32,
  terms: u32, // C
  k: u32,
  inner: u32,
  first: u32,
  end: u32,
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> values: array<u32>;
@group(0) @binding(2) var<storage, read_write> indices: array<u32>;
@group(0) @binding(3) var<uniform> dims: Dims;

override INTEGERS: bool = false;
override SMALLEST: bool = false;

const LANES = 256u;
const NONE = 0xffffffffu;

var<workgroup> best_key: atomic<u32>;
var<workgroup> best_index: atomic<u32>;

// The key by which an element is chosen, the largest first.
fn choice_of(bits: u32) -> u32 {
  let key = key_of(bits, INTEGERS);
  return select(key, ~key, SMALLEST);
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = linear_index(group, groups, 0u, 1u);
  if (row >= dims.rows) {
    return;
  }
  let start = start_of(row, dims.terms, dims.inner);
  // What is left: elements of smaller keys than the last one's, and of its key those from `next` on.
  var last = NONE;
  var next = 0u;
  let results = start_of(row, dims.k, dims.inner);
  if (dims.first > 0u) {
    let before = indices[results + (dims.first - 1u) * dims.inner];
    last = choice_of(x[start + before * dims.inner]);
    next = before + 1u;
  }
  for (var rank = dims.first; rank < dims.end; rank++) {
    var key = 0u;
    var index = NONE;
    for (var i = lane; i < dims.terms; i += LANES) {
      let other = choice_of(x[start + i * dims.inner]);
      let is_left = other < last || (other == last && i >= next);
      if (is_left && (index == NONE || other > key)) {
        key = other;
        index = i;
      }
    }
    // Each of the two starts anew while all look at the other.
    atomicMax(&best_key, key);
    atomicStore(&best_index, NONE);
    workgroupBarrier();
    last = atomicLoad(&best_key);
    if (key == last) {
      atomicMin(&best_index, index);
    }
    workgroupBarrier();
    let found = atomicLoad(&best_index);
    atomicStore(&best_key, 0u);
    next = found + 1u;
    if (lane == 0u) {
      let to = results + rank * dims.inner;
      values[to] = x[start + found * dims.inner];
      indices[to] = found;
    }
    workgroupBarrier();
  }
}

import package::lib::grid::linear_index;
import package::math::choice::choice_of;
import package::nn::along_axis::start_of;

// The first k elements of each row along an axis in the order of math/choice, and where they are. x:
// [outer, C, inner]; values, indices: [outer, k, inner], rows = outer * inner. Elements travel as
// bits. LANES invocations a row, all of a workgroup or one; in each of the rounds from `first` to `end`
// they look at its C elements for the one that comes after the last that was found.

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

override LANES: u32 = 1u;

const SIZE = 256u;
const NONE = 0xffffffffu;

var<workgroup> best_key: atomic<u32>;
var<workgroup> best_index: atomic<u32>;

// The first of what the lanes found, a key and its index. Both start anew while all look at the other.
fn first_of_lanes(own: vec2u) -> vec2u {
  atomicMax(&best_key, own.x);
  atomicStore(&best_index, NONE);
  workgroupBarrier();
  let key = atomicLoad(&best_key);
  if (own.x == key) {
    atomicMin(&best_index, own.y);
  }
  workgroupBarrier();
  let index = atomicLoad(&best_index);
  atomicStore(&best_key, 0u);
  workgroupBarrier();
  return vec2u(key, index);
}

@compute @workgroup_size(SIZE)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let lane = local % LANES;
  let row = SIZE / LANES * linear_index(group, groups, 0u, 1u) + local / LANES;
  let start = start_of(row, dims.terms, dims.inner);
  let exists = row < dims.rows;
  let end = select(0u, dims.terms, exists); // of elements: none of a row that there is not
  // What is left: elements of smaller keys than the last one's, and of its key those behind it.
  var last = vec2u(NONE, NONE);
  let results = start_of(row, dims.k, dims.inner);
  if (dims.first > 0u) {
    let before = indices[results + (dims.first - 1u) * dims.inner];
    last = vec2u(choice_of(x[start + before * dims.inner]), before);
  }
  for (var rank = dims.first; rank < dims.end; rank++) {
    var best = vec2u(0u, NONE);
    for (var t = lane; t < end; t += LANES) {
      let key = choice_of(x[start + t * dims.inner]);
      let is_left = key < last.x || (key == last.x && t > last.y) || rank == 0u;
      best = select(best, vec2u(key, t), is_left && (best.y == NONE || key > best.x));
    }
    if (LANES > 1u) {
      best = first_of_lanes(best);
    }
    last = best;
    if (exists && lane == 0u) {
      let to = results + rank * dims.inner;
      values[to] = x[start + best.y * dims.inner];
      indices[to] = best.y;
    }
  }
}

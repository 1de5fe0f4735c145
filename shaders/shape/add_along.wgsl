import package::lib::axes::along;
import package::lib::grid::linear_index;

// Adds scale * src to y at indices along one dimension. A lane is all that lies along it. The rows
// of a lane of y are shared out to `parts` invocations; one of them has every parts-th row, and adds
// the lane's terms to them in ascending order: the same bits every time, without atomics. An index
// outside of [0, rows) means the nearest. Elements and scale are floats, or INTEGERS of 32 bits that
// wrap. Four terms at a time; lanes * parts * terms indices read; an invocation too many has no rows.

struct Dims {
  lanes: u32,
  parts: u32,
  terms: u32, // of a lane
  rows: u32, // of a lane
  y_stride: u32, // along the dimension
  index_stride: u32,
  src_stride: u32,
  scale: u32, // bits of a float, or an integer
  // Of the other dimensions, innermost first: size, stride in y, in indices, in src; past the last a
  // size that ends the walk.
  axes: array<vec4u, 8>,
}

@group(0) @binding(0) var<storage, read> indices: array<i32>;
@group(0) @binding(1) var<storage, read> src: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;
@group(0) @binding(3) var<uniform> dims: Dims;

override INTEGERS: bool = false;

fn with_term(sum: u32, term: u32) -> u32 {
  if (INTEGERS) {
    return sum + dims.scale * term;
  }
  let product = bitcast<f32>(dims.scale) * bitcast<f32>(term);
  return bitcast<u32>(bitcast<f32>(sum) + product);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, 64u);
  let part = i / dims.lanes;
  var walk = vec4u(i % dims.lanes, vec3u());
  for (var d = 0u; walk.x != 0u; d++) {
    walk = along(walk, dims.axes[d]);
  }
  let last = vec4u(dims.terms - 1u);
  for (var term = 0u; term < dims.terms; term += 4u) {
    let four = term + vec4u(0u, 1u, 2u, 3u);
    let there = min(four, last);
    let at = walk.z + there * dims.index_stride;
    let given = vec4i(indices[at.x], indices[at.y], indices[at.z], indices[at.w]);
    let rows = vec4u(clamp(given, vec4i(), vec4i(i32(dims.rows) - 1)));
    let own = (rows % dims.parts == vec4u(part)) & (four <= last);
    let places = walk.y + rows * dims.y_stride;
    let terms = walk.w + there * dims.src_stride;
    let values = vec4u(src[terms.x], src[terms.y], src[terms.z], src[terms.w]);
    for (var c = 0u; c < 4u; c++) {
      if (own[c]) {
        y[places[c]] = with_term(y[places[c]], values[c]);
      }
    }
  }
}

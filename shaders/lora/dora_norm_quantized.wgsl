import package::lib::codes::{ four_values, place_of };
import package::lib::grid::linear_index;
import package::lora::low_rank::{ FOUR, low_rank_four };

// norm[o] = length of row o of W + scale * B A as dora_norm, with W [rows, width] kept as the
// codes and block scales of the flat matrix, decoded on the way: no weight in float32 is ever
// stored. norm: [rows]; 2 rows width (r + 2) flops.

struct Dims {
  rows: u32,
  width: u32,
  r: u32,
  block: u32, // elements that share a scale
  scale: f32,
}

@group(0) @binding(2) var<storage, read> packed: array<u32>;
@group(0) @binding(3) var<storage, read> absmax: array<f32>;
@group(0) @binding(4) var<storage, read_write> norm: array<f32>;
@group(0) @binding(5) var<uniform> dims: Dims;

// Elements `first` to first + 3 of the flat weight.
fn weight_four(first: u32) -> vec4f {
  let place = place_of(first);
  let blocks = (first + FOUR) / dims.block;
  let scales = vec4f(absmax[blocks.x], absmax[blocks.y], absmax[blocks.z], absmax[blocks.w]);
  return four_values(place.shift, packed[place.word], packed[place.word + 1u]) * scales;
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = linear_index(group, groups, lane, 64u);
  if (row >= dims.rows) {
    return;
  }
  var squares = vec4f();
  for (var col = 0u; col < dims.width; col += 4u) {
    let base = weight_four(row * dims.width + col);
    let merged = dims.scale * low_rank_four(row, col, dims.r, dims.width) + base;
    let inside = select(vec4f(), merged, col + FOUR < vec4u(dims.width));
    squares += inside * inside;
  }
  norm[row] = sqrt(squares.x + squares.y + squares.z + squares.w);
}

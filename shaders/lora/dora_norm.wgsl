import package::lib::grid::linear_index;
import package::lora::low_rank::{ FOUR, low_rank_four };

// norm[o] = length of row o of W + scale * B A, float32: DoRA's denominators. weight: [rows,
// width]; norm: [rows]. The sum of the two matrices is never stored. 2 rows width (r + 2) flops;
// one invocation a row, which adds its squares in four chains.

struct Dims {
  rows: u32,
  width: u32,
  r: u32,
  scale: f32,
}

@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read_write> norm: array<f32>;
@group(0) @binding(4) var<uniform> dims: Dims;

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
    let at = row * dims.width + col + FOUR;
    let base = vec4f(weight[at.x], weight[at.y], weight[at.z], weight[at.w]);
    let merged = dims.scale * low_rank_four(row, col, dims.r, dims.width) + base;
    let inside = select(vec4f(), merged, col + FOUR < vec4u(dims.width));
    squares += inside * inside;
  }
  norm[row] = sqrt(squares.x + squares.y + squares.z + squares.w);
}

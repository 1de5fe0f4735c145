import package::attention::place::place_of;
import package::lib::grid::linear_index;

// Rotates pairs of columns: (a, b) becomes (a cos - b sin, b cos + a sin), with -sin for sin in the
// backward pass. The first 2 * pairs columns of each position rotate, the others pass. A pair is
// (k, k + pairs), or (2 k, 2 k + 1) where interleaved. x, y: [B, H, S, D] or [B, S, H * D]; cos,
// sin: [positions, pairs] looked up by position_ids, or [B or 1, S, pairs]. One invocation an
// element.

struct Params {
  x: vec4u, // strides of batch, head and position, then the width
  heads: u32,
  length: u32,
  count: u32,
  pairs: u32,
  interleaved: u32,
  positions: u32,       // rows of the tables that ids look up, or 0 without ids
  positions_batch: u32, // from one batch to the next of ids or tables; 0 repeats
  sign: f32,            // -1 in the backward pass
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> cosines: array<f32>;
@group(0) @binding(2) var<storage, read> sines: array<f32>;
@group(0) @binding(3) var<storage, read> position_ids: array<i32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

const SIZE = 64u;

@compute @workgroup_size(SIZE)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, SIZE);
  if (i >= params.count) {
    return;
  }
  let column = i % params.x.w;
  let place = place_of(i / params.x.w, params.heads, params.length);
  let at = dot(place, params.x.xyz) + column;
  if (column >= 2u * params.pairs) {
    y[at] = x[at];
    return;
  }
  var row = place.x * params.positions_batch + place.z;
  if (params.positions > 0u) {
    row = u32(clamp(position_ids[row], 0, i32(params.positions) - 1));
  }
  let isInterleaved = params.interleaved != 0u;
  let isSecond = select(column >= params.pairs, column % 2u == 1u, isInterleaved);
  let pair = select(column % params.pairs, column / 2u, isInterleaved);
  let apart = select(params.pairs, 1u, isInterleaved);
  let partner = select(at + apart, at - apart, isSecond);
  let sine = params.sign * sines[row * params.pairs + pair];
  y[at] = x[at] * cosines[row * params.pairs + pair] + select(-sine, sine, isSecond) * x[partner];
}

import package::lib::grid::linear_index;

// dmagnitude = sum over rows of dy * z, divided by norm, float32. dy, z: [rows, width]; norm,
// dmagnitude: [width]. One invocation a column, in ascending order of rows; 2 rows width flops.

struct Dims {
  rows: u32,
  width: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> z: array<f32>;
@group(0) @binding(2) var<storage, read> norm: array<f32>;
@group(0) @binding(3) var<storage, read_write> dmagnitude: array<f32>;
@group(0) @binding(4) var<uniform> dims: Dims;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let col = linear_index(group, groups, lane, 64u);
  if (col >= dims.width) {
    return;
  }
  var sum = 0.0;
  for (var row = 0u; row < dims.rows; row++) {
    let i = row * dims.width + col;
    sum += dy[i] * z[i];
  }
  dmagnitude[col] = sum / norm[col];
}

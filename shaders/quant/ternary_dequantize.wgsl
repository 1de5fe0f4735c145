// y[i] = trit i * scale. packed: two bits a code, four a byte, the first in bits 0-1; scale: one
// float; y: n floats. One invocation turns a word into 16 floats.

import package::lib::fours::WHOLE;
import package::lib::grid::linear_index;

struct Sizes {
  n: u32,
}

@group(0) @binding(0) var<storage, read> packed: array<u32>;
@group(0) @binding(1) var<storage, read> scale: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<uniform> sizes: Sizes;

/// Stores four floats, those of the lowest byte of `codes` in units of `unit`, at `i` of y as far as
/// it has them. Not by shifts: each costs a processor as much as a float.
fn store(i: u32, codes: u32, unit: u32, step: f32) {
  let units = vec4u(1u, 4u, 16u, 64u) * unit;
  let inverses = vec4f(1.0, 0.25, 0.0625, 0.015625) / f32(unit);
  let four = (vec4f(bitcast<vec4i>(vec4u(codes) & (3u * units))) * inverses - 1.0) * step;
  if (WHOLE || i < sizes.n / 4u) {
    y[i] = four;
  } else {
    for (var c = 0u; 4u * i + c < sizes.n; c++) {
      y[i][c] = four[c];
    }
  }
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let w = linear_index(group, groups, local, 64u);
  if (16u * w >= sizes.n) {
    return;
  }
  let word = packed[w];
  let step = scale[0];
  store(4u * w, word, 1u, step);
  store(4u * w + 1u, word, 1u << 8u, step);
  store(4u * w + 2u, word, 1u << 16u, step);
  store(4u * w + 3u, word >> 8u, 1u << 16u, step); // no sign
}

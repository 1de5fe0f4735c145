import package::lib::grid::linear_index;
import package::quant::nbits_rows::{ FOUR, row_four, Rows, whole };

// Codes of BITS bits of a weight's rows, one after the other from the lowest bit of a row's first word
// up: numbers times the first step of their block plus the second, a zero point, rounded half away from
// zero, between 0 and the highest code; what fills a last block up is 0. weight, steps: floats. One
// invocation makes a word.

@group(0) @binding(1) var<storage, read> steps: array<vec2f>;
@group(0) @binding(2) var<storage, read_write> packed: array<u32>;
@group(0) @binding(3) var<uniform> rows: Rows;

override BITS: u32 = 4u;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let w = linear_index(group, groups, lane, 64u);
  let words = rows.block * BITS / 32u; // of a block
  let b = w / words;
  if (b >= rows.blocks) {
    return;
  }
  let row = b / rows.per_row;
  let first = (b - row * rows.per_row) * rows.block + (w - b * words) * (32u / BITS);
  let step = steps[b];
  let top = f32((1u << BITS) - 1u);
  let places = vec4u(1u, 1u << BITS, 1u << (2u * BITS), 1u << (3u * BITS));
  var word = 0u;
  for (var k = 0u; k < 32u / BITS; k += 4u) {
    let four = row_four(row, first + k, rows.cols);
    let codes = vec4u(whole(clamp(four * step.x + step.y, vec4f(), vec4f(top))));
    let inside = first + k + FOUR < vec4u(rows.cols);
    word |= dot(select(vec4u(), codes, inside), places) << (k * BITS);
  }
  packed[w] = word;
}

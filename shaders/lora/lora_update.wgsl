import package::lib::grid::linear_index;

// y += scale * p q + bias, float32, in place: the low-rank part of a LoRA linear on top of the
// frozen one. p: [m, r]; q: [r, n] by strides; bias: [n] or none; y: [m, n]. 2 m n r flops and 8
// bytes an element of y. Each invocation updates 4 rows x 4 columns.

struct Dims {
  m: u32,
  n: u32,
  r: u32,
  q_r: u32,   // strides of q in elements
  q_col: u32,
  has_bias: u32,
  tiles: u32, // tiles side by side in a row of tiles
  scale: f32,
}

@group(0) @binding(0) var<storage, read> p: array<f32>;
@group(0) @binding(1) var<storage, read> q: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> dims: Dims;

const FOUR = vec4u(0u, 1u, 2u, 3u);

fn update(row: u32, col: u32, low_rank: f32) {
  if (row < dims.m && col < dims.n) {
    var sum = dims.scale * low_rank + y[row * dims.n + col];
    if (dims.has_bias != 0u) {
      sum += bias[col];
    }
    y[row * dims.n + col] = sum;
  }
}

fn update_four(row: u32, col: u32, low_rank: vec4f) {
  update(row, col, low_rank.x);
  update(row, col + 1u, low_rank.y);
  update(row, col + 2u, low_rank.z);
  update(row, col + 3u, low_rank.w);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let tile = linear_index(group, groups, lane, 64u);
  let col = (tile % dims.tiles) * 4u;
  let row = (tile / dims.tiles) * 4u;
  // Rows and columns past the end read what they find; nothing is updated there.
  let at_p = (row + FOUR) * dims.r;
  let at_q = (col + FOUR) * dims.q_col;
  var sum = mat4x4f();
  for (var i = 0u; i < dims.r; i++) {
    let left = vec4f(p[at_p.x + i], p[at_p.y + i], p[at_p.z + i], p[at_p.w + i]);
    let right = vec4f(q[at_q.x + i * dims.q_r], q[at_q.y + i * dims.q_r], q[at_q.z + i * dims.q_r], q[at_q.w + i * dims.q_r]);
    sum += mat4x4f(left.x * right, left.y * right, left.z * right, left.w * right);
  }
  update_four(row, col, sum[0]);
  update_four(row + 1u, col, sum[1]);
  update_four(row + 2u, col, sum[2]);
  update_four(row + 3u, col, sum[3]);
}

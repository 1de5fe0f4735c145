import package::lib::grid::{ MANY, linear_index };
import package::lib::philox::philox;

// y = x * scale where a random word is `threshold` or more, else 0; the gradient is the same
// function of dy. Elements 4 i to 4 i + 3 take the words of counter (i, 0, offset): the mask
// follows from seed and offset, and is stored nowhere. x, y: [count].

struct Params {
  seed: vec2u,
  offset: vec2u,
  count: u32,
  threshold: u32,
  scale: f32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

fn dropout(x: vec4f, words: vec4u, threshold: u32, scale: f32) -> vec4f {
  return select(vec4f(), x * scale, words >= vec4u(threshold));
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  let words = philox(vec4u(i, 0u, params.offset), params.seed);
  let kept = dropout(x[i], words, params.threshold, params.scale);
  let whole = params.count / 4u;
  if (i < whole) {
    y[i] = kept;
  } else if (i == whole) {
    for (var c = 0u; c < params.count % 4u; c++) {
      y[i][c] = kept[c];
    }
  }
}

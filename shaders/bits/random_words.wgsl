import package::lib::grid::{ MANY, linear_index };
import package::lib::philox::philox;

// The first `count` words of the stream `key` of the generator: words 4 i to 4 i + 3 are those of
// counter i, as src/tensor/random.ts draws them. words: [count].

struct Params {
  key: vec2u,
  count: u32,
}

@group(0) @binding(0) var<storage, read_write> words: array<u32>;
@group(0) @binding(1) var<uniform> params: Params;

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  let drawn = philox(vec4u(i, 0u, 0u, 0u), params.key);
  for (var k = 0u; k < 4u; k++) {
    if (4u * i + k < params.count) {
      words[4u * i + k] = drawn[k];
    }
  }
}

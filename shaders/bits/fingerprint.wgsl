import package::lib::grid::linear_index;

// Two sums of the 32-bit words of x, modulo 2^32, in parts: lane l of L adds the words l, l + L, l
// + 2L, ... as they are, and each mixed with its index (the finalizer of MurmurHash3). x: [count];
// sums: [L, 2]. Integer addition has no order, so that equal bits give equal sums; a change of one
// word changes the first sum by what it changes, and the second in a way that tells where. 4 bytes
// read a word.

struct Dims {
  count: u32,
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> sums: array<vec2u>;
@group(0) @binding(2) var<uniform> dims: Dims;

const SIZE = 64u;

fn mixed(word: u32, index: u32) -> u32 {
  var h = word ^ (index * 0x9e3779b9u);
  h = (h ^ (h >> 16u)) * 0x85ebca6bu;
  h = (h ^ (h >> 13u)) * 0xc2b2ae35u;
  return h ^ (h >> 16u);
}

@compute @workgroup_size(SIZE)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let l = linear_index(group, groups, lane, SIZE);
  var sum = vec2u();
  for (var i = l; i < dims.count; i += groups.x * SIZE) {
    sum += vec2u(x[i], mixed(x[i], i));
  }
  sums[l] = sum;
}

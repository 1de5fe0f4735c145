import package::attention::attention::{ Attention, FOUR, LOWEST, Masked, mask_word, masked, place_of, power };
import package::lib::grid::linear_index;

// weights = softmax over the keys of the scores that the mask lets through, 0 elsewhere, in place:
// [B, H, Q, K]. One invocation a query, three passes. A query that attends to no key has weights of
// 0.

@group(0) @binding(0) var<storage, read> mask: array<u32>;
@group(0) @binding(1) var<storage, read_write> weights: array<f32>;
@group(0) @binding(2) var<uniform> attention: Attention;

const SIZE = 64u;

fn block_of(row: u32, key: u32) -> Masked {
  let place = place_of(row, attention.heads, attention.queries);
  // Keys past the end repeat the last one: the next row is another invocation's, which writes it
  // meanwhile.
  let keys = min(key + FOUR, vec4u(attention.keys - 1u));
  let at_mask = dot(place, attention.mask.xyz) + keys * attention.mask.w;
  let at = mask_word(at_mask, attention);
  let words = vec4u(mask[at.x], mask[at.y], mask[at.z], mask[at.w]);
  let own = row * attention.keys + keys;
  let scores = vec4f(weights[own.x], weights[own.y], weights[own.z], weights[own.w]);
  return masked(scores, vec4u(place.z), key + FOUR, words, at_mask, attention);
}

@compute @workgroup_size(SIZE)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = linear_index(group, groups, lane, SIZE);
  if (row >= attention.rows) {
    return;
  }
  var highest = vec4f(LOWEST);
  for (var key = 0u; key < attention.keys; key += 4u) {
    let block = block_of(row, key);
    highest = max(highest, select(vec4f(LOWEST), block.scores, block.attended));
  }
  let largest = max(max(highest.x, highest.y), max(highest.z, highest.w));
  var sums = vec4f();
  for (var key = 0u; key < attention.keys; key += 4u) {
    let block = block_of(row, key);
    let part = select(vec4f(), power(block.scores - largest), block.attended);
    sums += part;
    for (var i = 0u; i < min(4u, attention.keys - key); i++) {
      weights[row * attention.keys + key + i] = part[i];
    }
  }
  let total = sums.x + sums.y + sums.z + sums.w;
  for (var i = row * attention.keys; i < (row + 1u) * attention.keys; i++) {
    weights[i] = select(0.0, weights[i] / total, total > 0.0);
  }
}

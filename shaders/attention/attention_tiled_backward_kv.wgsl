import package::attention::operands::{ FOUR, HIDDEN, attention, k, masked, power, q, scores_of, slope_of, v };
import package::attention::slab::{ ROWS, SHARE, VECTORS, keep_weights, products_of_slab, slab, weighted_slab };
import package::lib::grid::linear_index;

// dk or, where OF_VALUES, dv as attention_flash_backward_kv, through workgroup memory. A workgroup
// takes 32 keys and 64 columns, and goes through the queries 32 at a time.

@group(0) @binding(5) var<storage, read> row_facts: array<vec4f>;
@group(0) @binding(6) var<storage, read> dy: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> gradient: array<f32>;

override OF_VALUES: bool = false;

/// The weighted sum of q or dy of 16 queries from `query` on, over the lane's four columns from
/// vector `column` on.
fn sum_of_queries(local: vec2u, head: vec2u, query: u32, column: u32) -> mat4x4f {
  for (var i = local.y; i < SHARE; i += 8u) {
    let place = vec3u(head, min(query + i, attention.queries - 1u));
    let at = column + local.x;
    if (OF_VALUES) {
      slab[8u * i + local.x] = select(vec4f(), dy[dot(place, attention.y.xyz) / 4u + at], at < attention.y.w / 4u);
    } else {
      slab[8u * i + local.x] = select(vec4f(), q[dot(place, attention.q.xyz) / 4u + at], at < attention.q.w / 4u);
    }
  }
  workgroupBarrier();
  let sum = weighted_slab(local);
  workgroupBarrier();
  return sum;
}

/// What four queries, whose facts are rows of `facts`, weigh in the sum of a key.
fn weights_of(products: vec4f, dp: vec4f, facts: mat4x4f, head: vec2u, queries: vec4u, key: u32) -> vec4f {
  let scores = masked(scores_of(products), head, queries, vec4u(key));
  var weights = power(scores - facts[0]) / facts[1];
  if (!OF_VALUES) {
    weights *= (dp - facts[2]) * slope_of(products);
  }
  return select(vec4f(), weights, scores > vec4f(HIDDEN));
}

fn store(sums: mat4x4f, place: vec2u, first: u32, column: u32) {
  var rows = sums;
  let strides = select(attention.k, attention.v, vec4<bool>(OF_VALUES));
  let width = select(attention.key_width, attention.value_width, OF_VALUES);
  for (var r = 0u; r < 4u; r++) {
    let at = dot(vec3u(place, first + r), strides.xyz) / strides.w * width;
    var values = select(attention.scale, 1.0, OF_VALUES) * rows[r];
    for (var c = column; c < min(column + 4u, width) && first + r < attention.keys; c++) {
      gradient[at + c] = values[c - column];
    }
  }
}

@compute @workgroup_size(8, 8)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) at_local: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let local = at_local.xy;
  let shared_heads = attention.heads / attention.group;
  let heads = attention.kv_rows / attention.keys;
  let tile = linear_index(group, groups, 0u, 1u);
  let first = tile / heads * ROWS;
  let place = vec2u(tile % heads / shared_heads, tile % shared_heads);
  let loaded = lane / VECTORS;
  let key = min(first + loaded, attention.keys - 1u);
  let at_k = dot(vec3u(place, key), attention.k.xyz) / 4u;
  let at_v = dot(vec3u(place, key), attention.v.xyz) / 4u;
  let start = select(0u, min(first, attention.queries), attention.causal != 0u);
  let blocks = (attention.queries - start + ROWS - 1u) / ROWS;
  var left = mat4x4f();
  var right = mat4x4f();
  for (var block = 0u; block < blocks * attention.group; block++) {
    let head = vec2u(place.x, place.y * attention.group + block / blocks);
    let query = start + block % blocks * ROWS;
    let own_query = vec3u(head, min(query + loaded, attention.queries - 1u));
    let at_q = dot(own_query, attention.q.xyz) / 4u;
    var products = mat4x4f();
    for (var c = 0u; c < attention.q.w / 4u; c += VECTORS) {
      let at = c + lane % VECTORS;
      let inside = at < attention.q.w / 4u;
      slab[lane % VECTORS * ROWS + lane / VECTORS] = select(vec4f(), k[at_k + at], inside);
      slab[(VECTORS + lane % VECTORS) * ROWS + lane / VECTORS] = select(vec4f(), q[at_q + at], inside);
      workgroupBarrier();
      products += products_of_slab(local);
      workgroupBarrier();
    }
    let at_dy = dot(own_query, attention.y.xyz) / 4u;
    var dp = mat4x4f();
    if (!OF_VALUES) {
      for (var c = 0u; c < attention.v.w / 4u; c += VECTORS) {
        let at = c + lane % VECTORS;
        let inside = at < attention.v.w / 4u;
        slab[lane % VECTORS * ROWS + lane / VECTORS] = select(vec4f(), v[at_v + at], inside);
        slab[(VECTORS + lane % VECTORS) * ROWS + lane / VECTORS] = select(vec4f(), dy[at_dy + at], inside);
        workgroupBarrier();
        dp += products_of_slab(local);
        workgroupBarrier();
      }
    }
    let queries = query + 4u * local.x + FOUR;
    let at_facts = dot(head, vec2u(attention.heads, 1u)) * attention.queries + min(queries, vec4u(attention.queries - 1u));
    let facts = transpose(mat4x4f(
      row_facts[at_facts.x], row_facts[at_facts.y], row_facts[at_facts.z], row_facts[at_facts.w],
    ));
    for (var r = 0u; r < 4u; r++) {
      dp[r] = weights_of(products[r], dp[r], facts, head, queries, first + 4u * local.y + r);
    }
    for (var share = 0u; share < 2u; share++) {
      keep_weights(local, share, dp);
      left += sum_of_queries(local, head, query + SHARE * share, 16u * group.z);
      right += sum_of_queries(local, head, query + SHARE * share, 16u * group.z + 8u);
    }
  }
  store(left, place, first + 4u * local.y, 64u * group.z + 4u * local.x);
  store(right, place, first + 4u * local.y, 64u * group.z + 32u + 4u * local.x);
}

// A pass of HQQ's half-quadratic solver. With q the code of x, e = x - (q - zero) / inverse and
// w = sign(e) max(|e| - |e|^(p-1) / beta, 0), a group's zero becomes the mean of
// q - (x - w) inverse, previous the zero before, error the sum of |e|. A pass does nothing unless
// the error of the pass before, `last`, was less than that of the one before it, `earlier`: the sum
// is then that of the pass before once more, so that no later pass does anything. One invocation
// takes a group, four elements at a time.

import package::lib::grid::linear_index;
import package::quant::hqq_groups::{ codes_of, Groups };

struct Pass {
  groups: Groups,
  top: f32,
  power: f32, // p - 1
  share: f32, // 1 / beta
  least: f32, // of an error no larger nothing is left
}

@group(0) @binding(0) var<storage, read> weight: array<f32>;
@group(0) @binding(1) var<storage, read> inverse: array<f32>;
@group(0) @binding(2) var<storage, read> earlier: array<f32>;
@group(0) @binding(3) var<storage, read> last: array<f32>;
@group(0) @binding(4) var<storage, read_write> zero: array<f32>;
@group(0) @binding(5) var<storage, read_write> previous: array<f32>;
@group(0) @binding(6) var<storage, read_write> error: array<f32>;
@group(0) @binding(7) var<uniform> pass_of: Pass;

fn shrunk(e: vec4f) -> vec4f {
  let size = abs(e);
  var lost = size;
  if (any(size > vec4f(pass_of.least))) {
    lost = pass_of.share * exp(pass_of.power * log(max(size, vec4f(pass_of.least))));
  }
  return sign(e) * max(size - lost, vec4f());
}

// The sum of four, in two levels.
fn total(x: vec4f) -> f32 {
  return (x.x + x.y) + (x.z + x.w);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let j = linear_index(group, workgroups, local, 64u);
  if (j >= pass_of.groups.count || last[0] >= earlier[0]) {
    return;
  }
  let groups = pass_of.groups;
  let factor = inverse[j];
  let before = zero[j];
  var sums = vec4f();
  var sizes = vec4f();
  for (var k = 0u; k < groups.size; k += 4u) {
    let at = k + vec4u(0u, 1u, 2u, 3u);
    let inside = at < vec4u(groups.size);
    let i = j * groups.across + min(at, vec4u(groups.size - 1u)) * groups.along;
    let x = vec4f(weight[i.x], weight[i.y], weight[i.z], weight[i.w]);
    let code = codes_of(x, vec4f(factor), vec4f(before), pass_of.top);
    let e = x - (code - before) / factor;
    sizes += select(vec4f(), abs(e), inside);
    sums += select(vec4f(), code - (x - shrunk(e)) * factor, inside);
  }
  zero[j] = total(sums) / f32(groups.size);
  previous[j] = before;
  error[j] = total(sizes);
}

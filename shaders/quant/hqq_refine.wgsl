// A pass of HQQ's half-quadratic solver. With q the code of x, e = x - (q - zero) / inverse and
// w = sign(e) max(|e| - |e|^(p-1) / beta, 0), a group's zero becomes the mean of
// q - (x - w) inverse, previous the zero before, error the sum of |e|. A pass does nothing unless
// the error of the pass before, `last`, was less than that of the one before it, `earlier`: the sum
// is then that of the pass before once more, so that no later pass does anything. One invocation
// takes a group, four elements at a time, and once more where of some error something is left.

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

// What the power leaves of errors.
fn shrunk(e: vec4f) -> vec4f {
  let size = abs(e);
  let lost = pass_of.share * exp(pass_of.power * log(max(size, vec4f(pass_of.least))));
  return sign(e) * max(size - lost, vec4f());
}

// What an invocation knows of its group.
struct Group {
  j: u32,
  factor: f32,
  before: f32, // its zero
}

struct Four {
  x: vec4f,
  code: vec4f,
  error: vec4f,
  inside: vec4<bool>, // others are the last of the group once more
}

// Four elements of a group from its k-th on.
fn four_of(group: Group, k: u32) -> Four {
  let groups = pass_of.groups;
  let at = k + vec4u(0u, 1u, 2u, 3u);
  let i = group.j * groups.across + min(at, vec4u(groups.size - 1u)) * groups.along;
  let x = vec4f(weight[i.x], weight[i.y], weight[i.z], weight[i.w]);
  let code = codes_of(x, vec4f(group.factor), vec4f(group.before), pass_of.top);
  return Four(x, code, x - (code - group.before) / group.factor, at < vec4u(groups.size));
}

// The sums of the zeros that the elements would have, where something is left of an error.
fn sums_without_errors(group: Group) -> vec4f {
  var sums = vec4f();
  for (var k = 0u; k < pass_of.groups.size; k += 4u) {
    let four = four_of(group, k);
    let x = four.x - shrunk(four.error);
    sums += select(vec4f(), four.code - x * group.factor, four.inside);
  }
  return sums;
}

// The sum of four, in two levels.
fn total(x: vec4f) -> f32 {
  return (x.x + x.y) + (x.z + x.w);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let j = linear_index(workgroup, workgroups, local, 64u);
  if (j >= pass_of.groups.count || last[0] >= earlier[0]) {
    return;
  }
  let group = Group(j, inverse[j], zero[j]);
  let size = pass_of.groups.size;
  var sums = vec4f();
  var sizes = vec4f();
  var largest = vec4f();
  for (var k = 0u; k < size; k += 4u) {
    let four = four_of(group, k);
    let errors = abs(four.error);
    largest = max(largest, errors);
    sizes += select(vec4f(), errors, four.inside);
    sums += select(vec4f(), four.code - four.x * group.factor, four.inside);
  }
  // In the loop above the power would take a processor as long as all the rest, taken or not.
  if (any(largest > vec4f(pass_of.least))) {
    sums = sums_without_errors(group);
  }
  zero[j] = total(sums) / f32(size);
  previous[j] = group.before;
  error[j] = total(sizes);
}

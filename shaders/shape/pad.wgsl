import package::lib::grid::linear_index;
import package::shape::padding::source;

// y = x with a padding around: what it repeats, or in a constant padding the same 32 bits. y:
// [count]. Elements travel as bits, so a copy is exact whatever they hold.

struct Dims {
  count: u32,
  mode: u32,
  bits: u32,
  rank: u32,
  // Innermost first: size of y, stride in x, how many lie before x, size of x.
  axes: array<vec4u, 8>,
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> y: array<u32>;
@group(0) @binding(2) var<uniform> dims: Dims;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, 64u);
  if (i >= dims.count) {
    return;
  }
  var rest = i;
  var place = 0u;
  var outside = false;
  for (var d = 0u; d < dims.rank; d++) {
    let axis = dims.axes[d];
    let own = source(i32(rest % axis.x) - bitcast<i32>(axis.z), i32(axis.w), dims.mode);
    outside |= own < 0;
    place += u32(own) * axis.y;
    rest /= axis.x;
  }
  if (outside) {
    y[i] = dims.bits;
  } else {
    y[i] = x[place];
  }
}

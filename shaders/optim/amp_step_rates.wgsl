// The numbers of the step that is to be taken, where what was found on the device decides: those of the
// row of `rates` that `steps`, the count of steps taken, names, and 1; or 0, where found_inf is not 0
// and no step is taken. Steps behind the last row take that one. found_inf: [1]; rates: [rows, 4]; now:
// [4]. One invocation does it.

struct Dims {
  rows: u32,
}

@group(0) @binding(0) var<storage, read> found_inf: array<f32>;
@group(0) @binding(1) var<storage, read> steps: array<u32>;
@group(0) @binding(2) var<storage, read> rates: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> now: array<vec4f>;
@group(0) @binding(4) var<uniform> dims: Dims;

@compute @workgroup_size(1)
fn main() {
  let row = rates[min(steps[0], dims.rows - 1u)];
  now[0] = select(vec4f(), vec4f(row.xyz, 1.0), found_inf[0] == 0.0);
}

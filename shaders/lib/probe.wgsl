// What does this adapter's float32 arithmetic do? Each element of `result` answers one question from `x`, whose values come from
// the host so that no compiler can fold them.
//   rounding: 1 + 1.5 ulp/2... see src/gpu/probe.ts, which names the elements and reads the answers.

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> result: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) i: u32) {
  let a = x[3u * i];
  let b = x[3u * i + 1u];
  let c = x[3u * i + 2u];
  if (i < 16u) {
    result[i] = a + b;
  } else if (i < 32u) {
    result[i] = a / b;
  } else if (i < 48u) {
    result[i] = a * b;
  } else {
    result[i] = a * b + c;
  }
}

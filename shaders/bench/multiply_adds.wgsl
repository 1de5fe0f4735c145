import package::lib::grid::linear_index;

// Chains of x = a x + b and nothing else: what arithmetic alone reaches. Each invocation has twelve
// chains, which do not wait for each other, and takes 64 steps of each a round. With a = 1 and b
// = 1/2 a chain that begins at x ends at x + 32 rounds, without a rounding. 1,536 operations an
// invocation and round, 4 bytes stored.

struct Chain {
  a: f32,
  b: f32,
  rounds: u32,
  invocations: u32,
}

@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@group(0) @binding(1) var<uniform> chain: Chain;

// A struct: compilers keep each part of it in a register, where an array would lie in memory.
struct Twelve {
  x0: f32, x1: f32, x2: f32, x3: f32, x4: f32, x5: f32,
  x6: f32, x7: f32, x8: f32, x9: f32, x10: f32, x11: f32,
}

fn step(x: Twelve, a: f32, b: f32) -> Twelve {
  return Twelve(
    a * x.x0 + b, a * x.x1 + b, a * x.x2 + b, a * x.x3 + b, a * x.x4 + b, a * x.x5 + b,
    a * x.x6 + b, a * x.x7 + b, a * x.x8 + b, a * x.x9 + b, a * x.x10 + b, a * x.x11 + b,
  );
}

fn four(x: Twelve, a: f32, b: f32) -> Twelve {
  return step(step(step(step(x, a, b), a, b), a, b), a, b);
}

fn sixteen(x: Twelve, a: f32, b: f32) -> Twelve {
  return four(four(four(four(x, a, b), a, b), a, b), a, b);
}

fn sum(x: Twelve) -> f32 {
  let first = ((x.x0 + x.x1) + (x.x2 + x.x3)) + (x.x4 + x.x5);
  let second = ((x.x6 + x.x7) + (x.x8 + x.x9)) + (x.x10 + x.x11);
  return first + second;
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, 64u);
  let a = chain.a;
  let b = chain.b;
  let x = f32(i % 1024u);
  var now = Twelve(
    x, x + 1.0, x + 2.0, x + 3.0, x + 4.0, x + 5.0,
    x + 6.0, x + 7.0, x + 8.0, x + 9.0, x + 10.0, x + 11.0,
  );
  for (var round = 0u; round < chain.rounds; round++) {
    now = sixteen(sixteen(sixteen(sixteen(now, a, b), a, b), a, b), a, b);
  }
  if (i < chain.invocations) {
    y[i] = sum(now);
  }
}

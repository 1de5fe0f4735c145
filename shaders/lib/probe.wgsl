// What does this adapter's float32 arithmetic do? Invocation i applies one operation to the i-th
// triple (a, b, c) of the host, so that no compiler can fold it, and stores the bits of the result.
// src/gpu/probe.ts chooses the triples and reads the answers. 64 invocations a section, in the
// order of `QUESTIONS` there.

@group(0) @binding(0) var<storage, read> triples: array<f32>;
@group(0) @binding(1) var<storage, read_write> bits: array<u32>;

const SECTION = 64u;

fn answer(section: u32, a: f32, b: f32, c: f32) -> u32 {
  switch section {
    case 0u: { return bitcast<u32>(a + b); }
    case 1u: { return bitcast<u32>(a / b); }
    case 2u: { return bitcast<u32>(sqrt(a)); }
    case 3u: { return bitcast<u32>(a * b); }
    case 4u: { return bitcast<u32>(a * b + c); }
    case 5u: { return pack2x16float(vec2f(a, b)); }
    case 6u: { return bitcast<u32>(a); }
    default: { return u32(a != a); }
  }
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  bits[i] = answer(i / SECTION, triples[3u * i], triples[3u * i + 1u], triples[3u * i + 2u]);
}

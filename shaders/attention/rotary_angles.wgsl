import package::lib::fixed_point::{ high_product, times };
import package::lib::grid::linear_index;

// cos and sin of position * theta^(-2 k / d), k < pairs = d / 2, for the positions of a sequence:
// [count, pairs]. WGSL's own cos and sin are 2^-11 off and end at pi. So the angle is reduced in
// integers: frequencies are fractions of 2^64 of a turn, made of powers that the host computes in
// float64, and what is left of position * frequency is a quarter and a rest of at most pi / 4
// (polynomials of Cephes, Moshier).

struct Params {
  // Theta^(-2 * 2^j / d) as fractions of 2^64 (high, low), two in a vector, j = 0 to 9.
  powers: array<vec4u, 5>,
  turn: vec2u,             // 1 / (2 pi)
  count: u32,
  pairs: u32,
}

@group(0) @binding(0) var<storage, read> positions: array<i32>;
@group(0) @binding(1) var<storage, read_write> cosines: array<f32>;
@group(0) @binding(2) var<storage, read_write> sines: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

const SIZE = 64u;
const UNIT = 1.4629180792671596e-9; // 2 pi / 2^32

// Turns a step, as a fraction of 2^64.
fn frequency(pair: u32) -> vec2u {
  var result = params.turn;
  for (var j = 0u; pair >> j != 0u; j++) {
    let two = params.powers[j / 2u];
    if (((pair >> j) & 1u) == 1u) {
      result = times(result, select(two.xy, two.zw, (j & 1u) == 1u));
    }
  }
  return result;
}

@compute @workgroup_size(SIZE)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, SIZE);
  if (i >= params.count * params.pairs) {
    return;
  }
  let step = frequency(i % params.pairs);
  let position = bitcast<u32>(positions[i / params.pairs]);
  // Whole turns overflow and are gone.
  let fraction = position * step.x + high_product(position, step.y);
  let quarter = (fraction + 0x20000000u) >> 30u;
  let r = f32(bitcast<i32>(fraction - (quarter << 30u))) * UNIT;
  let z = r * r;
  let sine = r + r * z * (-1.6666654611e-1 + z * (8.3321608736e-3 - z * 1.9515295891e-4));
  let cosine = 1.0 - z * (0.5 - z * (4.166664568298827e-2 + z * (-1.388731625493765e-3 + z * 2.443315711809948e-5)));
  let swapped = select(vec2f(cosine, sine), vec2f(-sine, cosine), (quarter & 1u) == 1u);
  let turned = select(swapped, -swapped, quarter > 1u);
  cosines[i] = turned.x;
  sines[i] = turned.y;
}

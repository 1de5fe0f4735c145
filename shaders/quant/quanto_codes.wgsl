import package::lib::float8::{E4M3, E4M3FNUZ, E5M2, float8_codes, float8_values};
import package::lib::grid::{ MANY, linear_index };
import package::lib::storage::held;
import package::lib::whole::whole_bits;
import package::quant::quanto_groups::{element, Groups, place};

// Quanto's codes, in the order of the matrix of groups, and what they decode to, in the order of the
// weight. KIND 0: round((x + shift) / scale) from 0 to levels, decoded scale * q - shift; 1: signed
// bytes round(x / scale); 2, 3 and 4: x / scale in e4m3, e5m2 and e4m3fnuz; these decode to scale * q. A
// scale of zero gives codes of zero. scale, shift: floats of each group (shift of KIND 0 alone). Each step is
// rounded to the weight's STORAGE f32, f16 or bf16 (0, 1, 2), as torch does. One invocation makes WORDS
// words of four codes; what fills the last one up is not of the matrix.

struct Sizes {
  groups: Groups,
  @align(16) levels: f32,
}

@group(0) @binding(0) var<storage, read> weight: array<f32>;
@group(0) @binding(1) var<storage, read> scale: array<f32>;
@group(0) @binding(2) var<storage, read> shift: array<f32>;
@group(0) @binding(3) var<storage, read_write> codes: array<u32>;
@group(0) @binding(4) var<storage, read_write> dequant: array<f32>;
@group(0) @binding(5) var<uniform> sizes: Sizes;

override KIND: u32 = 0u;
override STORAGE: u32 = 0u;
// Whether all elements of an invocation are always neighbours in one group.
override SHARED: bool = false;
override WORDS: u32 = 1u; // or 4

/// Codes as bytes, and what they stand for before the scale.
struct Coded {
  bytes: vec4u,
  values: vec4f,
}

fn coded(y: vec4f) -> Coded {
  if (KIND == 0u) {
    let levels = clamp(round(y), vec4f(), vec4f(sizes.levels));
    return Coded(whole_bits(levels) & vec4u(255u), levels);
  }
  if (KIND == 1u) {
    let levels = clamp(round(y), vec4f(-128.0), vec4f(127.0));
    return Coded(whole_bits(levels) & vec4u(255u), levels);
  }
  let inside = bitcast<vec4u>(clamp(y, vec4f(-sizes.levels), vec4f(sizes.levels)));
  var format = E4M3;
  if (KIND == 3u) {
    format = E5M2;
  }
  if (KIND == 4u) {
    format = E4M3FNUZ;
  }
  var bytes = float8_codes(inside, format);
  if (KIND == 4u) { // its zero has no sign
    bytes = select(bytes, vec4u(), bytes == vec4u(0x80u));
  }
  return Coded(bytes, float8_values(bytes, format));
}

/// Where four elements of the matrix lie in the weight, and their groups.
struct Four {
  at: vec4u,
  group: vec4u,
}

/// Elements `first` to first + 3; what is past `count` is the last
/// again, with the same result.
fn four_at(first: u32, count: u32) -> Four {
  let x = element(first, sizes.groups);
  let y = element(min(first + 1u, count - 1u), sizes.groups);
  let z = element(min(first + 2u, count - 1u), sizes.groups);
  let w = element(min(first + 3u, count - 1u), sizes.groups);
  return Four(vec4u(at(x), at(y), at(z), at(w)), vec4u(x.x, y.x, z.x, w.x));
}

fn at(found: vec2u) -> u32 {
  return place(found.y, found.x, sizes.groups);
}

/// What codes are multiplied by, and elements divided by, and what is added to these before.
struct Line {
  scales: vec4f,
  shifts: vec4f,
}

fn line_of_one(group: u32) -> Line {
  if (KIND == 0u) {
    return Line(vec4f(scale[group]), vec4f(shift[group]));
  }
  return Line(vec4f(scale[group]), vec4f());
}

fn line_of_four(group: vec4u) -> Line {
  let scales = vec4f(scale[group.x], scale[group.y], scale[group.z], scale[group.w]);
  if (KIND == 0u) {
    return Line(scales, vec4f(shift[group.x], shift[group.y], shift[group.z], shift[group.w]));
  }
  return Line(scales, vec4f());
}

/// Makes word `w` of the codes, and what they decode to.
fn code(w: u32, at: vec4u, line: Line) {
  let x = vec4f(weight[at.x], weight[at.y], weight[at.z], weight[at.w]);
  let y = held(held(x + line.shifts, STORAGE) / line.scales, STORAGE);
  let made = coded(select(vec4f(), y, line.scales > vec4f()));
  codes[w] = dot(made.bytes, vec4u(1u, 1u << 8u, 1u << 16u, 1u << 24u));
  let decoded = held(held(line.scales * made.values, STORAGE) - line.shifts, STORAGE);
  dequant[at.x] = decoded.x;
  dequant[at.y] = decoded.y;
  dequant[at.z] = decoded.z;
  dequant[at.w] = decoded.w;
}

fn code_neighbours(w: u32, line: Line) {
  code(w, 4u * w + vec4u(0u, 1u, 2u, 3u), line);
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let w = WORDS * linear_index(group, groups, lane, MANY);
  let count = sizes.groups.count * sizes.groups.length;
  if (4u * w >= count) {
    return;
  }
  if (!SHARED) {
    let four = four_at(4u * w, count);
    code(w, four.at, line_of_four(four.group));
    return;
  }
  let line = line_of_one(4u * w / sizes.groups.length); // takes longest: once for all words
  code_neighbours(w, line);
  if (WORDS > 1u) { // four, and no loop, which costs a processor as much as the codes
    code_neighbours(w + 1u, line);
    code_neighbours(w + 2u, line);
    code_neighbours(w + 3u, line);
  }
}

import package::math::ordered::key_of;

// bins[r, b] += how many elements of row r have b as the 8 bits of their key from bit SHIFT on, of
// those whose bits above, which `above` masks, are the ones found so far. x: [rows, width]; found: three
// words a row, the key's upper bits first. With TIES the key of an element is its place, of those alone
// whose own key is the one in `chosen`. Workgroups (g, r) share row r: an invocation takes every
// LANES * groups-th element, and a workgroup counts in its own memory first.

struct Sizes {
  width: u32,
  above: u32,
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> found: array<u32>;
@group(0) @binding(2) var<storage, read> chosen: array<u32>;
@group(0) @binding(3) var<storage, read_write> bins: array<atomic<u32>>;
@group(0) @binding(4) var<uniform> sizes: Sizes;

override ABSOLUTE: bool = false;
override TIES: bool = false;
// A constant, since a processor shifts by a number that is not known one lane at a time.
override SHIFT: u32 = 0u;

const LANES = 64u;
const BINS = 256u;

var<workgroup> tally: array<atomic<u32>, BINS>;

/// Counts element `i` of a row that begins at `start`, if it has the bits that are known.
fn count(i: u32, start: u32, known: u32, wanted: u32) {
  let own = key_of(x[start + i], ABSOLUTE);
  let key = select(own, i, TIES);
  let counts = i < sizes.width && (!TIES || own == wanted);
  if (counts && (key & sizes.above) == known) {
    atomicAdd(&tally[(key >> SHIFT) & (BINS - 1u)], 1u);
  }
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = group.y;
  let start = row * sizes.width;
  let known = found[3u * row] & sizes.above; // nothing in the first round
  var wanted = 0u;
  if (TIES) {
    wanted = chosen[3u * row];
  }
  let all = LANES * groups.x;
  // Four at a time: a processor's loop costs as much as a load.
  for (var i = LANES * group.x + lane; i < sizes.width; i += 4u * all) {
    count(i, start, known, wanted);
    count(i + all, start, known, wanted);
    count(i + 2u * all, start, known, wanted);
    count(i + 3u * all, start, known, wanted);
  }
  workgroupBarrier();
  for (var bin = lane; bin < BINS; bin += LANES) {
    atomicAdd(&bins[row * BINS + bin], atomicLoad(&tally[bin]));
  }
}

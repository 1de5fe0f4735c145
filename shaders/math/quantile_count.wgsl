import package::math::ordered::key_of;

// bins[r, b] += how many elements of row r have b as the 8 bits of their key from bit `shift` on, of
// those whose bits above are the ones found so far. x: [rows, width]; found: three words a row, the
// key's upper bits first. With TIES the key of an element is its place, of those alone whose own key is
// the one in `chosen`. Workgroup (g, r) takes the g-th LANES * ITEMS elements of row r and counts
// in its own memory first.

struct Sizes {
  width: u32,
  shift: u32,
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> found: array<u32>;
@group(0) @binding(2) var<storage, read> chosen: array<u32>;
@group(0) @binding(3) var<storage, read_write> bins: array<atomic<u32>>;
@group(0) @binding(4) var<uniform> sizes: Sizes;

override ABSOLUTE: bool = false;
override TIES: bool = false;

const LANES = 256u;
const ITEMS = 16u;

var<workgroup> tally: array<atomic<u32>, LANES>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = group.y;
  for (var k = 0u; k < ITEMS; k++) {
    let i = (group.x * ITEMS + k) * LANES + lane;
    if (i < sizes.width) {
      let own = key_of(x[row * sizes.width + i], ABSOLUTE);
      let key = select(own, i, TIES);
      let counts = !TIES || own == chosen[3u * row];
      if (counts && (((key ^ found[3u * row]) >> sizes.shift) >> 8u) == 0u) { // all of them in the first round
        atomicAdd(&tally[(key >> sizes.shift) & 255u], 1u);
      }
    }
  }
  workgroupBarrier();
  atomicAdd(&bins[row * LANES + lane], atomicLoad(&tally[lane]));
}

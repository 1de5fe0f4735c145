// list = the columns whose byte in `mask` is 1, ascending, then -1 up to its end. mask: one byte a
// column, 0 or 1, and zeros up to the end of the last word; list: one integer a column. One
// workgroup, a run of consecutive words a lane: what the lanes before have found is where its own
// columns begin. Without SOME no mask is read, and no column is listed.

struct Sizes {
  cols: u32,
}

@group(0) @binding(0) var<storage, read> mask: array<u32>;
@group(0) @binding(1) var<storage, read_write> list: array<i32>;
@group(0) @binding(2) var<uniform> sizes: Sizes;

override SOME: bool = true;

const LANES = 64u;

var<workgroup> counts: array<u32, LANES>;

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) lane: u32) {
  let words = select(0u, (sizes.cols + 3u) / 4u, SOME);
  let run = (words + LANES - 1u) / LANES;
  let end = min((lane + 1u) * run, words);
  var count = 0u;
  for (var w = lane * run; w < end; w++) {
    count += countOneBits(mask[w]);
  }
  counts[lane] = count;
  workgroupBarrier();
  var at = 0u;
  var total = 0u;
  for (var other = 0u; other < LANES; other++) {
    at += select(0u, counts[other], other < lane);
    total += counts[other];
  }
  for (var w = lane * run; w < end; w++) {
    for (var left = mask[w]; left != 0u; left &= left - 1u) {
      list[at] = i32(4u * w + firstTrailingBit(left) / 8u);
      at += 1u;
    }
  }
  for (var i = total + lane; i < sizes.cols; i += LANES) {
    list[i] = -1;
  }
}

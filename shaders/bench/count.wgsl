// Adds one to a number. After n dispatches, where each sees what the one before left, it is n.

@group(0) @binding(0) var<storage, read_write> count: u32;

@compute @workgroup_size(1)
fn main() {
  count += 1u;
}

// Adds one to a number: of n dispatches each of which sees what the one before left, it is n.

@group(0) @binding(0) var<storage, read_write> count: u32;

@compute @workgroup_size(1)
fn main() {
  count += 1u;
}

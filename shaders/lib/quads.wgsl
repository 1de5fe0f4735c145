// Which invocations share a quad? Each stores those whose values quadBroadcast gives it, by their
// index in the workgroup, lane after lane. WGSL leaves open how lanes follow from indices;
// src/gpu/quads.ts reads the answer. members: [invocations of all workgroups].
enable subgroups;

@group(0) @binding(0) var<storage, read_write> members: array<vec4u>;

const SIZE = 64u;

@compute @workgroup_size(SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  members[group.x * SIZE + local] = vec4u(
    quadBroadcast(local, 0u), quadBroadcast(local, 1u), quadBroadcast(local, 2u), quadBroadcast(local, 3u),
  );
}

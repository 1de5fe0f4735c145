// Which invocations share a quad? Each stores those whose values quadBroadcast gives it, by their
// index among those of all workgroups, lane after lane. WGSL leaves open how lanes follow from
// indices; src/gpu/quads.ts reads the answer. members: [invocations of all workgroups].
enable subgroups;

@group(0) @binding(0) var<storage, read_write> members: array<vec4u>;

const SIZE = 64u;

@compute @workgroup_size(SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let own = group.x * SIZE + local;
  members[own] = vec4u(
    quadBroadcast(own, 0u), quadBroadcast(own, 1u), quadBroadcast(own, 2u), quadBroadcast(own, 3u),
  );
}

import shader from '../../shaders/lib/quads.wgsl';
import type { Allocation, Place } from './memory.ts';
import type { Launch } from './recorder.ts';

/** Invocations of a workgroup, as of every kernel whose quads share what they load. */
const SIZE = 64;
const GROUPS = 4;

/**
 * Where the lanes of a quad are: invocations that follow one another, or not; `none` of a device
 * without subgroups.
 */
export type Quads = 'neighbours' | 'scattered' | 'none';

/** What it takes to ask a device. */
interface Asked {
  allocate(bytes: number): Allocation;
  free(allocation: Allocation): void;
  dispatch(launch: Launch): void;
  read(source: Place, bytes: number): Promise<ArrayBuffer>;
}

/**
 * The words of shaders/lib/quads: for each invocation of {@link GROUPS} workgroups the four
 * invocations that its quad has.
 */
export async function quadMembers(gpu: Asked): Promise<Uint32Array> {
  const members = gpu.allocate(GROUPS * SIZE * 16);
  try {
    gpu.dispatch({
      shader,
      bindings: [{ memory: members, offset: 0, size: members.bytes }],
      workgroups: [GROUPS, 1, 1],
    });
    return new Uint32Array(await gpu.read({ memory: members, offset: 0 }, members.bytes));
  } finally {
    gpu.free(members);
  }
}

/**
 * Whether there are words of all invocations, and every quad is four of them that follow each
 * other, from a multiple of four on and in their order.
 */
export function areNeighbours(members: Uint32Array): boolean {
  const lanes = 4;
  const isOwn = (member: number, i: number) => {
    const own = Math.floor(i / lanes);
    return member === own - (own % lanes) + (i % lanes);
  };
  return members.length === GROUPS * SIZE * lanes && members.every(isOwn);
}

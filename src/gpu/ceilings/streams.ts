import shaders from '../../../shaders/bench/streams.wgsl?links';
import type { Allocation } from '../memory.ts';
import type { Launch } from '../recorder.ts';
import { linearGrid, linkedShader, u32 } from '../shader.ts';

const VEC4_BYTES = 16;

/** What is read and written: vec4s, and the invocations that share them out. */
export interface Streams {
  readonly reads: number;
  readonly writes: number;
  readonly invocations: number;
}

/**
 * Streams of so many bytes at least, where each invocation handles `each` vec4s, at most eight, of the
 * longer one.
 */
export function streamsOf(
  bytes: { readonly read: number; readonly written: number },
  each: number,
): Streams {
  const vec4s = (size: number) => Math.max(1, Math.ceil(size / VEC4_BYTES));
  const reads = vec4s(bytes.read);
  const writes = vec4s(bytes.written);
  return { reads, writes, invocations: Math.ceil(Math.max(reads, writes) / each) };
}

/** Bytes of both streams. */
export function streamBytes({ reads, writes }: Streams): {
  readonly read: number;
  readonly written: number;
} {
  return { read: reads * VEC4_BYTES, written: writes * VEC4_BYTES };
}

/**
 * The launch that reads `x` and writes `y`, of {@link streamBytes}; where y is x it writes over its
 * start, and must not write more than it reads.
 */
export function moveStreams(streams: Streams, x: Allocation, y: Allocation): Launch {
  const { read, written } = streamBytes(streams);
  const { reads, writes, invocations } = streams;
  const restOfReads = reads % invocations;
  const restOfWrites = writes % invocations;
  const source = { memory: x, offset: 0, size: read };
  const isInPlace = y === x;
  return {
    shader: linkedShader(shaders, isInPlace ? 'in_place' : 'apart'),
    constants: {
      READS: Math.floor(reads / invocations),
      WRITES: Math.floor(writes / invocations),
      HAS_REST: Number(restOfReads + restOfWrites > 0),
    },
    bindings: isInPlace ? [source] : [source, { memory: y, offset: 0, size: written }],
    uniforms: [u32(invocations), u32(restOfReads), u32(restOfWrites)],
    workgroups: linearGrid(invocations),
  };
}

/** What it must store to element `index` of y, given x. */
export function expectedElement(
  { reads, invocations }: Streams,
  x: Float32Array,
  index: number,
): number {
  const vec4 = Math.floor(index / 4) % invocations;
  const component = index % 4;
  let sum = 0;
  for (let k = vec4; k < reads; k += invocations) sum += x[4 * k + component] as number;
  return sum;
}

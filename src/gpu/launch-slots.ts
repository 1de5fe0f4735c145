import type { Binding } from './memory.ts';
import { bindingLayout, fieldsNow, type Shader, type Uniforms, writeFields } from './shader.ts';
import { SLOTS } from './usage.ts';

/** Uniform structs are bound at multiples of it. */
export const UNIFORM_ALIGNMENT = 256;
const CHUNK_BYTES = 64 * 1024;

/** More host bytes than these do not go along with what is recorded. */
export const MOST_ALONG = 16 * 1024;

/** What a launch binds; the uniform struct, if any, is not among the bindings. */
interface Bound {
  readonly shader: Shader;
  readonly bindings: readonly Binding[];
  readonly uniforms?: Uniforms;
}

/** A bind group and what it was made of. */
interface MadeGroup {
  readonly pipeline: GPUComputePipeline;
  readonly parts: readonly GPUBufferBinding[];
  readonly uniformBytes: number;
  readonly group: GPUBindGroup;
}

/** A buffer of uniform structs, and what is written to it before the next submit. */
interface Chunk {
  readonly buffer: GPUBuffer;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView;
  used: number;
  /** The last bind group with the struct of each slot. */
  readonly groups: MadeGroup[];
}

/**
 * The uniform structs of what is recorded, each in the next slot, host bytes that are copied among
 * them, and the bind groups with them. A step that is repeated binds the same memory in the same
 * slots, so each keeps its last group: to make one takes the host longer than all other calls of a
 * dispatch.
 */
export class LaunchSlots {
  readonly #device: GPUDevice;
  readonly #inUse: Chunk[] = [];
  readonly #free: Chunk[] = [];

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** The bind group of a launch; its struct, if it has one, is written by {@link flush}. */
  bind(pipeline: GPUComputePipeline, launch: Bound): GPUBindGroup {
    const fields = fieldsNow(launch.uniforms);
    if (fields.length === 0) return bindGroup(this.#device, pipeline, launch, undefined);
    const chunk = this.#chunkWithRoom(UNIFORM_ALIGNMENT);
    const offset = chunk.used;
    const size = writeFields(fields, chunk.view, offset);
    chunk.used += UNIFORM_ALIGNMENT;
    const slot = offset / UNIFORM_ALIGNMENT;
    const last = chunk.groups[slot];
    if (
      last?.pipeline === pipeline &&
      last.uniformBytes === size &&
      bindsSame(last.parts, launch.bindings)
    )
      return last.group;
    const { buffer } = chunk;
    const group = bindGroup(this.#device, pipeline, launch, { buffer, offset, size });
    const parts = launch.bindings.map(partOf);
    chunk.groups[slot] = { pipeline, parts, uniformBytes: size, group };
    return group;
  }

  /** Where these bytes, at most {@link MOST_ALONG}, lie once they are written by {@link flush}. */
  hold(content: Uint8Array): { readonly buffer: GPUBuffer; readonly offset: number } {
    const size = roundedUp(content.byteLength);
    const chunk = this.#chunkWithRoom(size);
    const offset = chunk.used;
    chunk.bytes.set(content, offset);
    chunk.used += size;
    return { buffer: chunk.buffer, offset };
  }

  /** Writes the structs of all that was bound, and begins with the first slot again. */
  flush(): void {
    for (const { buffer, bytes, used } of this.#inUse)
      this.#device.queue.writeBuffer(buffer, 0, bytes, 0, used);
    this.clear();
  }

  /** Begins with the first slot again. */
  clear(): void {
    for (const chunk of this.#inUse) chunk.used = 0;
    // What was taken first is taken first again.
    this.#free.push(...this.#inUse.splice(0).reverse());
  }

  #chunkWithRoom(bytes: number): Chunk {
    const last = this.#inUse.at(-1);
    if (last && last.used + bytes <= CHUNK_BYTES) return last;
    const chunk = this.#free.pop() ?? newChunk(this.#device);
    this.#inUse.push(chunk);
    return chunk;
  }
}

/** Whole slots. */
const roundedUp = (bytes: number): number =>
  Math.ceil(bytes / UNIFORM_ALIGNMENT) * UNIFORM_ALIGNMENT;

function newChunk(device: GPUDevice): Chunk {
  const buffer = device.createBuffer({ size: CHUNK_BYTES, usage: SLOTS });
  const bytes = new Uint8Array(CHUNK_BYTES);
  return { buffer, bytes, view: new DataView(bytes.buffer), used: 0, groups: [] };
}

function partOf({ memory, offset, size }: Binding): GPUBufferBinding {
  return { buffer: memory.buffer, offset: memory.offset + offset, size };
}

/** Whether what was bound is what `bindings` would bind. */
function bindsSame(parts: readonly GPUBufferBinding[], bindings: readonly Binding[]): boolean {
  if (parts.length !== bindings.length) return false;
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i] as GPUBufferBinding;
    const { memory, offset, size } = bindings[i] as Binding;
    const isSame =
      part.buffer === memory.buffer && part.offset === memory.offset + offset && part.size === size;
    if (!isSame) return false;
  }
  return true;
}

/** The layout of each pipeline's bind group: each call for it makes another object. */
const groupLayouts = new WeakMap<GPUComputePipeline, GPUBindGroupLayout>();

/** A bind group: the bindings in order, and the uniform struct where the shader has it. */
export function bindGroup(
  device: GPUDevice,
  pipeline: GPUComputePipeline,
  { shader, bindings }: Bound,
  uniforms: GPUBufferBinding | undefined,
): GPUBindGroup {
  let layout = groupLayouts.get(pipeline);
  if (!layout) {
    layout = pipeline.getBindGroupLayout(0);
    groupLayouts.set(pipeline, layout);
  }
  const resources = bindings.map(partOf);
  if (uniforms) resources.splice(bindingLayout(shader).uniforms ?? resources.length, 0, uniforms);
  const entries = resources.map((resource, binding) => ({ binding, resource }));
  return device.createBindGroup({ layout, entries });
}

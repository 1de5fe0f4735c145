import { seam } from '../seam.ts';
import type { Allocation, Binding, Place } from './memory.ts';
import { type Constants, Pipelines } from './pipelines.ts';
import {
  bindingLayout,
  fieldsNow,
  type Shader,
  type Uniforms,
  type Workgroups,
  writeFields,
} from './shader.ts';
import { UNIFORMS } from './usage.ts';

/**
 * One dispatch, completely described. Bindings in order: inputs, outputs; the uniform struct, if
 * any, is not among them.
 */
export interface Launch {
  readonly shader: Shader;
  readonly constants?: Constants;
  readonly bindings: readonly Binding[];
  readonly uniforms?: Uniforms;
  readonly workgroups: Workgroups;
  /**
   * Floating-point operations, so that long work is split over submits; only of a kernel that does
   * more than a few with each number that it is given.
   */
  readonly flops?: number;
  /**
   * Where each element of the output, the last binding, is a function of the same element of every
   * other: the function of the shader that has its file's name, of a vec4f for each input and then
   * of the parameters. Such launches can be fused.
   */
  readonly elementwise?: { readonly count: number; readonly parameters?: readonly number[] };
  /**
   * Where the kernel stores each of the `count` elements of its one output, the last binding, once
   * and through matmul/result: what follows elementwise can be fused to it.
   */
  readonly product?: { readonly count: number };
}

/** Commands of a captured step, ready to be encoded. */
export interface Replayable {
  readonly commands: readonly PreparedCommand[];
  /** Files of the shaders that they dispatch. */
  readonly kernels: ReadonlySet<string>;
  /** Uniforms that have changed since they were asked for, as they must be written now. */
  news(): readonly {
    readonly buffer: GPUBuffer;
    readonly offset: number;
    readonly bytes: Uint8Array<ArrayBuffer>;
  }[];
}

/** A command with all that its replay needs. */
export type PreparedCommand =
  | {
      readonly kind: 'dispatch';
      readonly pipeline: GPUComputePipeline;
      readonly group: GPUBindGroup;
      readonly workgroups: Workgroups;
      readonly flops: number;
    }
  | { readonly kind: 'copy'; readonly from: Place; readonly to: Place; readonly bytes: number };

/** A place in a buffer, where it does not matter what lies there. */
interface BufferPlace {
  readonly memory: Pick<Allocation, 'buffer' | 'offset'>;
  readonly offset: number;
}

/** Operations that a kernel is reckoned to do for each byte that it is given. */
const FLOPS_PER_BYTE = 2;

/** The floating-point operations of a launch, by which submits are split. */
export const flopsOf = seam(
  'gpu.flops_of',
  ({ flops, bindings }: Pick<Launch, 'flops' | 'bindings'>): number =>
    flops ?? FLOPS_PER_BYTE * bindings.reduce((sum, { size }) => sum + size, 0),
);

const UNIFORM_ALIGNMENT = 256;
const UNIFORM_BYTES = 64 * 1024;

/** A buffer of uniform structs, and what is written to it with the next submit. */
interface UniformChunk {
  readonly buffer: GPUBuffer;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView;
  used: number;
}

/** Records dispatches and copies into one command encoder, and submits them in order. */
export class Recorder {
  readonly pipelines: Pipelines;
  /**
   * Shader files dispatched since the set was last cleared: the evidence in a result's `kernels`.
   */
  readonly dispatched = new Set<string>();
  /** Submits and dispatches so far. */
  submits = 0;
  dispatches = 0;
  readonly #device: GPUDevice;
  readonly #flopsPerSubmit: number;
  readonly #uniformPool: UniformChunk[] = [];
  #uniformsInUse: UniformChunk[] = [];
  #encoder: GPUCommandEncoder | undefined;
  #pass: GPUComputePassEncoder | undefined;
  #flops = 0;

  constructor(device: GPUDevice, flopsPerSubmit: number) {
    this.#device = device;
    this.#flopsPerSubmit = flopsPerSubmit;
    this.pipelines = new Pipelines(device);
  }

  dispatch(launch: Launch): void {
    const pipeline = this.pipelines.get(launch.shader, launch.constants);
    this.dispatched.add(launch.shader.file);
    const group = bindGroup(this.#device, pipeline, launch, this.#writeUniforms(launch.uniforms));
    this.#run(pipeline, group, launch.workgroups, flopsOf(launch));
  }

  copy(from: BufferPlace, to: BufferPlace, bytes: number): void {
    this.#endPass();
    const source = from.memory;
    const target = to.memory;
    this.#encoder ??= this.#device.createCommandEncoder();
    this.#encoder.copyBufferToBuffer(
      source.buffer,
      source.offset + from.offset,
      target.buffer,
      target.offset + to.offset,
      bytes,
    );
  }

  /**
   * Records all commands of a captured step. Its live numbers are written first, after what was
   * recorded before.
   */
  replay(program: Replayable): void {
    const news = program.news();
    if (news.length > 0) this.submit();
    for (const { buffer, offset, bytes } of news)
      this.#device.queue.writeBuffer(buffer, offset, bytes);
    for (const command of program.commands) {
      if (command.kind === 'copy') this.copy(command.from, command.to, command.bytes);
      else this.#run(command.pipeline, command.group, command.workgroups, command.flops);
    }
    for (const file of program.kernels) this.dispatched.add(file);
  }

  /** Submits what was recorded; nothing is awaited. */
  submit(): void {
    if (!this.#encoder) return;
    this.#endPass();
    for (const { buffer, bytes, used } of this.#uniformsInUse)
      this.#device.queue.writeBuffer(buffer, 0, bytes, 0, used);
    this.#device.queue.submit([this.#encoder.finish()]);
    this.submits += 1;
    this.#recycleUniforms();
    this.#encoder = undefined;
    this.#flops = 0;
  }

  /** Forgets what was recorded and not submitted, as after a failed case. */
  discard(): void {
    this.#pass = undefined;
    this.#encoder = undefined;
    this.#recycleUniforms();
    this.#flops = 0;
  }

  #run(
    pipeline: GPUComputePipeline,
    group: GPUBindGroup,
    workgroups: Workgroups,
    flops: number,
  ): void {
    this.#encoder ??= this.#device.createCommandEncoder();
    this.#pass ??= this.#encoder.beginComputePass();
    this.#pass.setPipeline(pipeline);
    this.#pass.setBindGroup(0, group);
    this.#pass.dispatchWorkgroups(...workgroups);
    this.dispatches += 1;
    this.#flops += flops;
    if (this.#flops > this.#flopsPerSubmit) this.submit();
  }

  #endPass(): void {
    this.#pass?.end();
    this.#pass = undefined;
  }

  #writeUniforms(uniforms: Uniforms | undefined): GPUBufferBinding | undefined {
    const fields = fieldsNow(uniforms);
    if (fields.length === 0) return undefined;
    let chunk = this.#uniformsInUse.at(-1);
    if (!chunk || chunk.used + UNIFORM_ALIGNMENT > UNIFORM_BYTES) {
      chunk = this.#uniformPool.pop() ?? newChunk(this.#device);
      this.#uniformsInUse.push(chunk);
    }
    const { buffer, view, used: offset } = chunk;
    const size = writeFields(fields, view, offset);
    chunk.used += UNIFORM_ALIGNMENT;
    return { buffer, offset, size };
  }

  #recycleUniforms(): void {
    for (const chunk of this.#uniformsInUse) {
      chunk.used = 0;
      this.#uniformPool.push(chunk);
    }
    this.#uniformsInUse = [];
  }
}

function newChunk(device: GPUDevice): UniformChunk {
  const buffer = device.createBuffer({ size: UNIFORM_BYTES, usage: UNIFORMS });
  const bytes = new Uint8Array(UNIFORM_BYTES);
  return { buffer, bytes, view: new DataView(bytes.buffer), used: 0 };
}

/** The layout of each pipeline's bind group: each call for it makes another object. */
const groupLayouts = new WeakMap<GPUComputePipeline, GPUBindGroupLayout>();

/**
 * The bind group of a launch: its bindings in order, the uniform struct where the shader has it.
 */
export function bindGroup(
  device: GPUDevice,
  pipeline: GPUComputePipeline,
  { shader, bindings }: Launch,
  uniforms: GPUBufferBinding | undefined,
): GPUBindGroup {
  let layout = groupLayouts.get(pipeline);
  if (!layout) {
    layout = pipeline.getBindGroupLayout(0);
    groupLayouts.set(pipeline, layout);
  }
  const entries: GPUBindGroupEntry[] = [];
  const add = (resource: GPUBufferBinding) => entries.push({ binding: entries.length, resource });
  const before = bindingLayout(shader).uniforms;
  for (const { memory, offset, size } of bindings) {
    if (uniforms && entries.length === before) add(uniforms);
    add({ buffer: memory.buffer, offset: memory.offset + offset, size });
  }
  if (uniforms && entries.length === bindings.length) add(uniforms);
  return device.createBindGroup({ layout, entries });
}

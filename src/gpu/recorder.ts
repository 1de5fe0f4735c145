import { seam } from '../seam.ts';
import type { DispatchTimer, NamedDispatch } from './dispatch-timer.ts';
import type { FloatStorage } from './float-storage.ts';
import { LaunchSlots, MOST_ALONG } from './launch-slots.ts';
import type { Allocation, Binding, Place } from './memory.ts';
import { type Constants, Pipelines } from './pipelines.ts';
import { type Shader, textOf, type Uniforms, type Workgroups } from './shader.ts';

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
   * of the parameters. Such launches can be fused. A cast has no function: it reads and gives
   * floats that are stored so.
   */
  readonly elementwise?: {
    readonly count: number;
    readonly parameters?: readonly number[];
    readonly cast?: Cast;
  };
  /**
   * Where the kernel stores each of the `count` elements of its one output, the binding `y`, once
   * and through matmul/result: what follows elementwise can be fused to it.
   */
  readonly product?: { readonly count: number; readonly y: number };
}

/** Floats stored in one way, rounded to nearest even to another. */
export interface Cast {
  readonly from: FloatStorage;
  readonly to: FloatStorage;
}

/** Commands of a captured step, ready to be encoded. */
export interface Replayable {
  readonly commands: readonly PreparedCommand[];
  /** What they dispatch. */
  readonly shaders: ReadonlySet<Shader>;
  /** Uniforms that have changed since they were asked for, as they must be written now. */
  news(): readonly {
    readonly buffer: GPUBuffer;
    readonly offset: number;
    readonly bytes: Uint8Array<ArrayBuffer>;
  }[];
}

/** A command with all that its replay needs. */
export type PreparedCommand =
  | ({
      readonly kind: 'dispatch';
      readonly pipeline: GPUComputePipeline;
      readonly group: GPUBindGroup;
      readonly workgroups: Workgroups;
      readonly flops: number;
    } & NamedDispatch)
  | { readonly kind: 'copy'; readonly from: Place; readonly to: Place; readonly bytes: number };

/** A place in a buffer, where it does not matter what lies there. */
interface BufferPlace {
  readonly memory: Pick<Allocation, 'buffer' | 'offset'>;
  readonly offset: number;
}

/**
 * Operations of a product that take as long as a kernel that does little takes for a byte that it is
 * given: on a processor 10 to 50 were measured.
 */
const FLOPS_PER_BYTE = 20;

/** The floating-point operations of a launch, by which submits are split. */
export const flopsOf = seam(
  'gpu.flops_of',
  ({ flops, bindings }: Pick<Launch, 'flops' | 'bindings'>): number =>
    flops ?? FLOPS_PER_BYTE * boundBytes(bindings),
);

const boundBytes = (bindings: Launch['bindings']) =>
  bindings.reduce((sum, { size }) => sum + size, 0);

/** A launch as a timer names it. What stands for an operand that there is not counts once. */
export function namedDispatch({ shader, bindings }: Launch): NamedDispatch {
  const isFirst = ({ memory, offset }: Binding, i: number) =>
    bindings.findIndex((one) => one.memory === memory && one.offset === offset) === i;
  return { kernel: textOf(shader), bytes: boundBytes(bindings.filter(isFirst)) };
}

/** Records dispatches and copies into one command encoder, and submits them in order. */
export class Recorder {
  readonly pipelines: Pipelines;
  /**
   * Shader files dispatched since the set was last cleared: the evidence in a result's `kernels`.
   */
  readonly dispatched = new Set<string>();
  /** The same as shaders, which say what they are linked with. */
  readonly shaders = new Set<Shader>();
  /** Submits and dispatches so far. */
  submits = 0;
  dispatches = 0;
  readonly #device: GPUDevice;
  readonly #flopsPerSubmit: number;
  readonly #slots: LaunchSlots;
  #timer: DispatchTimer | undefined;
  #encoder: GPUCommandEncoder | undefined;
  #pass: GPUComputePassEncoder | undefined;
  #flops = 0;

  constructor(device: GPUDevice, flopsPerSubmit: number) {
    this.#device = device;
    this.#flopsPerSubmit = flopsPerSubmit;
    this.pipelines = new Pipelines(device);
    this.#slots = new LaunchSlots(device);
  }

  dispatch(launch: Launch): void {
    const pipeline = this.pipelines.get(launch.shader, launch.constants);
    this.#note(launch.shader);
    const group = this.#slots.bind(pipeline, launch);
    this.#run(pipeline, group, launch.workgroups, flopsOf(launch), launch);
  }

  #note(shader: Shader): void {
    this.dispatched.add(shader.file);
    this.shaders.add(shader);
  }

  /** Stamps each dispatch from here on, in a pass of its own; undefined ends that. */
  time(timer: DispatchTimer | undefined): void {
    this.submit();
    this.#timer = timer;
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
   * Writes host bytes, whole words, behind what was recorded. A write to the queue would overtake
   * that: a few bytes are copied among the commands, and before more these are submitted.
   */
  write(memory: Pick<Allocation, 'buffer' | 'offset'>, bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#encoder && bytes.byteLength <= MOST_ALONG) {
      const from = { memory: this.#slots.hold(bytes), offset: 0 };
      this.copy(from, { memory, offset: 0 }, bytes.byteLength);
      return;
    }
    this.submit();
    this.#device.queue.writeBuffer(memory.buffer, memory.offset, bytes);
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
      else this.#run(command.pipeline, command.group, command.workgroups, command.flops, command);
    }
    for (const shader of program.shaders) this.#note(shader);
  }

  /** Submits what was recorded; nothing is awaited. */
  submit(): void {
    if (!this.#encoder) return;
    this.#endPass();
    this.#timer?.resolve(this.#encoder);
    this.#slots.flush();
    this.#device.queue.submit([this.#encoder.finish()]);
    this.submits += 1;
    this.#encoder = undefined;
    this.#flops = 0;
  }

  /** Forgets what was recorded and not submitted, as after a failed case. */
  discard(): void {
    this.#pass = undefined;
    this.#encoder = undefined;
    this.#slots.clear();
    this.#timer?.discard();
    this.#flops = 0;
  }

  #run(
    pipeline: GPUComputePipeline,
    group: GPUBindGroup,
    workgroups: Workgroups,
    flops: number,
    named: Launch | NamedDispatch,
  ): void {
    this.#encoder ??= this.#device.createCommandEncoder();
    this.#pass ??= this.#encoder.beginComputePass(
      this.#timer?.passOf('shader' in named ? namedDispatch(named) : named),
    );
    this.#pass.setPipeline(pipeline);
    this.#pass.setBindGroup(0, group);
    this.#pass.dispatchWorkgroups(workgroups[0], workgroups[1], workgroups[2]);
    this.dispatches += 1;
    this.#flops += flops;
    if (this.#timer) this.#endPass();
    if (this.#flops > this.#flopsPerSubmit || this.#timer?.isFull) this.submit();
  }

  #endPass(): void {
    this.#pass?.end();
    this.#pass = undefined;
  }
}

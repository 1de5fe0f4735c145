import { type Constants, Pipelines } from './pipelines.ts';
import type { Shader, UniformField, Workgroups } from './shader.ts';

/** One dispatch, completely described. Bindings in order: inputs, outputs; the uniform struct, if any, comes last. */
export interface Launch {
  readonly shader: Shader;
  readonly constants?: Constants;
  readonly bindings: readonly { readonly buffer: GPUBuffer; readonly size: number; readonly offset?: number }[];
  readonly uniforms?: readonly UniformField[];
  readonly workgroups: Workgroups;
  /** Floating-point operations, so that long work is split over submits. */
  readonly flops?: number;
}

const UNIFORM_ALIGNMENT = 256;
const UNIFORM_BYTES = 64 * 1024;

/** Records dispatches and copies into one command encoder, and submits them in order. */
export class Recorder {
  readonly pipelines: Pipelines;
  /** Shader files dispatched since the set was last cleared: the evidence in a result's `kernels`. */
  readonly dispatched = new Set<string>();
  /** Submits so far. */
  submits = 0;
  readonly #device: GPUDevice;
  readonly #flopsPerSubmit: number;
  readonly #uniformPool: GPUBuffer[] = [];
  #uniformsInUse: { buffer: GPUBuffer; data: ArrayBuffer; used: number }[] = [];
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
    const entries: GPUBindGroupEntry[] = launch.bindings.map(({ buffer, size, offset }, binding) => ({
      binding,
      resource: { buffer, size, offset: offset ?? 0 },
    }));
    if (launch.uniforms?.length) entries.push({ binding: entries.length, resource: this.#writeUniforms(launch.uniforms) });
    const group = this.#device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
    this.#encoder ??= this.#device.createCommandEncoder();
    this.#pass ??= this.#encoder.beginComputePass();
    this.#pass.setPipeline(pipeline);
    this.#pass.setBindGroup(0, group);
    this.#pass.dispatchWorkgroups(...launch.workgroups);
    this.dispatched.add(launch.shader.file);
    this.#flops += launch.flops ?? 0;
    if (this.#flops > this.#flopsPerSubmit) this.submit();
  }

  copy(from: GPUBuffer, fromOffset: number, to: GPUBuffer, toOffset: number, bytes: number): void {
    this.#endPass();
    this.#encoder ??= this.#device.createCommandEncoder();
    this.#encoder.copyBufferToBuffer(from, fromOffset, to, toOffset, bytes);
  }

  /** Submits what was recorded; nothing is awaited. */
  submit(): void {
    if (!this.#encoder) return;
    this.#endPass();
    for (const { buffer, data, used } of this.#uniformsInUse) this.#device.queue.writeBuffer(buffer, 0, data, 0, used);
    this.#device.queue.submit([this.#encoder.finish()]);
    this.submits += 1;
    this.#uniformPool.push(...this.#uniformsInUse.map(({ buffer }) => buffer));
    this.#uniformsInUse = [];
    this.#encoder = undefined;
    this.#flops = 0;
  }

  /** Forgets what was recorded and not submitted, as after a failed case. */
  discard(): void {
    this.#pass = undefined;
    this.#encoder = undefined;
    this.#uniformPool.push(...this.#uniformsInUse.map(({ buffer }) => buffer));
    this.#uniformsInUse = [];
    this.#flops = 0;
  }

  #endPass(): void {
    this.#pass?.end();
    this.#pass = undefined;
  }

  #writeUniforms(fields: readonly UniformField[]): GPUBufferBinding {
    const size = Math.ceil((fields.length * 4) / 16) * 16;
    let chunk = this.#uniformsInUse.at(-1);
    if (!chunk || chunk.used + UNIFORM_ALIGNMENT > UNIFORM_BYTES) {
      const buffer = this.#uniformPool.pop() ?? this.#device.createBuffer({ size: UNIFORM_BYTES, usage: 0x40 | 0x08 }); // UNIFORM | COPY_DST
      chunk = { buffer, data: new ArrayBuffer(UNIFORM_BYTES), used: 0 };
      this.#uniformsInUse.push(chunk);
    }
    const view = new DataView(chunk.data, chunk.used, size);
    fields.forEach(({ kind, value }, i) => {
      if (kind === 'u32') view.setUint32(i * 4, value, true);
      else view.setFloat32(i * 4, value, true);
    });
    const binding = { buffer: chunk.buffer, offset: chunk.used, size };
    chunk.used += UNIFORM_ALIGNMENT;
    return binding;
  }
}

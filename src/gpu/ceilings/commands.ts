import shader from '../../../shaders/bench/count.wgsl';
import type { Gpu } from '../gpu.ts';
import { STAGING, USAGE } from '../usage.ts';

/** What a command costs: a dispatch, a pass, a submit, a submit whose result is read. */
export type CommandKind = 'dispatch' | 'pass' | 'submit' | 'readback';

const COUNT_BYTES = 4;

/** What a step writes before its commands, in bytes: its inputs, its labels, its live numbers. */
export type StepWrites = readonly number[];

interface WriteTarget {
  readonly buffer: GPUBuffer;
  readonly content: Uint8Array<ArrayBuffer>;
}

/**
 * The smallest kernel, which counts, run in as many dispatches, passes or submits as asked: nothing
 * stands between the program and the API.
 */
export class Commands implements Disposable {
  readonly #gpu: Gpu;
  readonly #count: GPUBuffer;
  readonly #staging: GPUBuffer;
  readonly #pipeline: GPUComputePipeline;
  readonly #group: GPUBindGroup;
  #targets: readonly WriteTarget[] | undefined;

  constructor(gpu: Gpu) {
    const { device } = gpu;
    this.#gpu = gpu;
    const usage = USAGE.storage | USAGE.copySrc;
    this.#count = device.createBuffer({ size: COUNT_BYTES, usage });
    this.#staging = device.createBuffer({ size: COUNT_BYTES, usage: STAGING });
    this.#pipeline = gpu.recorder.pipelines.get(shader);
    this.#group = device.createBindGroup({
      layout: this.#pipeline.getBindGroupLayout(0),
      entries: [{ binding: 0, resource: { buffer: this.#count } }],
    });
  }

  /** Runs so many of a kind and waits for them. */
  async run(kind: CommandKind, times: number): Promise<void> {
    if (kind === 'readback') {
      for (let i = 0; i < times; i++) {
        this.#submit(1, 1);
        await this.count();
      }
      return;
    }
    if (kind === 'submit') for (let i = 0; i < times; i++) this.#submit(1, 1);
    else if (kind === 'pass') this.#submit(times, 1);
    else this.#submit(1, times);
    await this.#gpu.device.queue.onSubmittedWorkDone();
  }

  /**
   * Makes the calls of a captured step of so many commands, each with its pipeline and its bind
   * group, in one pass and one submit; nothing is awaited.
   */
  step(dispatches: number, writes: StepWrites): void {
    const { queue } = this.#gpu.device;
    this.#targets ??= writes.map((bytes) => this.#targetOf(bytes));
    for (const { buffer, content } of this.#targets) queue.writeBuffer(buffer, 0, content);
    this.#submit(1, dispatches, true);
  }

  #targetOf(bytes: number): WriteTarget {
    const usage = USAGE.storage | USAGE.copyDst;
    const buffer = this.#gpu.device.createBuffer({ size: bytes, usage });
    return { buffer, content: new Uint8Array(bytes) };
  }

  /** How many dispatches there were so far. */
  async count(): Promise<number> {
    const { device } = this.#gpu;
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(this.#count, 0, this.#staging, 0, COUNT_BYTES);
    device.queue.submit([encoder.finish()]);
    await this.#staging.mapAsync(1);
    const [count] = new Uint32Array(this.#staging.getMappedRange());
    this.#staging.unmap();
    return count as number;
  }

  #submit(passes: number, dispatches: number, bindsEach = false): void {
    const { device } = this.#gpu;
    const encoder = device.createCommandEncoder();
    for (let i = 0; i < passes; i++) {
      const pass = encoder.beginComputePass();
      pass.setPipeline(this.#pipeline);
      pass.setBindGroup(0, this.#group);
      for (let j = 0; j < dispatches; j++) {
        if (bindsEach && j > 0) {
          pass.setPipeline(this.#pipeline);
          pass.setBindGroup(0, this.#group);
        }
        pass.dispatchWorkgroups(1);
      }
      pass.end();
    }
    device.queue.submit([encoder.finish()]);
  }

  [Symbol.dispose](): void {
    this.#count.destroy();
    this.#staging.destroy();
    for (const { buffer } of this.#targets ?? []) buffer.destroy();
  }
}

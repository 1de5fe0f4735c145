import { GradproofError, messageOf } from '../errors.ts';
import {
  type AdapterDescription,
  type DeviceGrant,
  NoAdapterError,
  requestDevice,
} from './device.ts';
import { readingHalves } from './half-reads.ts';
import { type Allocation, Memory, type Place, wholeWords } from './memory.ts';
import { areNeighbours, type Quads, quadMembers } from './quads.ts';
import { type Launch, Recorder } from './recorder.ts';
import { bindingLayout, hasWork } from './shader.ts';
import { refuse, Trace, TracedAllocation } from './trace.ts';
import type { TuningRow } from './tuning.ts';
import { STAGING } from './usage.ts';

/**
 * The device went away while it was needed: it was destroyed from here, or lost by driver, GPU
 * process or system.
 */
export class DeviceLostError extends GradproofError {
  constructor({ reason, message }: GPUDeviceLostInfo) {
    const [code, action] =
      reason === 'destroyed'
        ? ['device-destroyed', 'only the case itself can have done that']
        : ['device-lost', 'run it again; if it stays, update the graphics driver'];
    super(code, `the GPU device was lost (${reason}): ${message || 'no message'}: ${action}`);
  }
}

/**
 * Floating-point operations that one submit may hold before it is split, so that none takes long:
 * about 0.2 s on a processor with few lanes, and on a laptop's GPU.
 */
const FLOPS_PER_SUBMIT = { few: 2e9, many: 1e11 } as const;

/** A processor runs up to eight invocations at once, a graphics chip more. */
const FEW_LANES = 8;

/** Wishes that may lead to an adapter beside the preferred one. */
const OTHER_ADAPTERS: readonly GPURequestAdapterOptions[] = [
  { forceFallbackAdapter: true },
  { powerPreference: 'low-power' },
];

/**
 * The one object through which everything above reaches WebGPU: memory with a ledger, a recorder of
 * commands, transfers. Commands are recorded in call order and run when {@link Gpu.read} or
 * {@link Gpu.submit} is called.
 */
export class Gpu implements Disposable {
  readonly device: GPUDevice;
  readonly adapter: AdapterDescription;
  /** Those that the kernels can use; by {@link Gpu.quads} without subgroups the adapter may have. */
  readonly features: ReadonlySet<string>;
  readonly limits: Readonly<Record<string, number>>;
  /** Invocations of the adapter's widest subgroup; undefined where it does not say. */
  readonly widestSubgroup: number | undefined;
  readonly memory: Memory;
  readonly recorder: Recorder;
  /** Gets what every {@link Gpu.read} will give, in order, to look at and not to change. */
  onRead: ((read: Promise<ArrayBuffer>) => void) | undefined;
  /** What was measured to be fastest here, before what is known of such devices. */
  tuned: readonly TuningRow[] = [];
  /** The row of {@link Gpu.tuned} that the op which is launched now runs by; none is by default. */
  decidedBy: TuningRow | undefined;
  /** How often the host asked to wait for the device so far: reads, and waits for the queue. */
  waits = 0;
  /** Bytes of reads that are under way, in buffers of their own. */
  stagingBytes = 0;
  readonly #provider: GPU | undefined;
  readonly #features: Set<string>;
  #quads: Quads = 'none';
  #lost: GPUDeviceLostInfo | undefined;
  #trace: Trace | undefined;

  private constructor(
    { device, adapter, features, limits, widestSubgroup }: DeviceGrant,
    provider: GPU | undefined,
  ) {
    this.#provider = provider;
    this.device = device;
    this.adapter = adapter;
    device.lost.then((info) => {
      this.#lost = info;
    });
    this.#features = new Set(features);
    this.features = this.#features;
    this.limits = limits;
    this.widestSubgroup = widestSubgroup;
    this.memory = new Memory(device);
    // Submits that are too small cost little, and what does not say how wide it is may be slow.
    const isWide = widestSubgroup !== undefined && !hasFewLanes(this);
    this.recorder = new Recorder(device, isWide ? FLOPS_PER_SUBMIT.many : FLOPS_PER_SUBMIT.few);
  }

  /** Requests a device. Throws NoAdapterError with what to do when there is none. */
  static async request(gpu: GPU | undefined = globalThis.navigator?.gpu): Promise<Gpu> {
    return await new Gpu(await requestDevice(gpu), gpu).#withoutIrregularQuads();
  }

  /**
   * A second device of the same adapter, with the same shaders, edits included. Throws
   * NoAdapterError when there is none.
   */
  async fresh(): Promise<Gpu> {
    const other = await this.#running(await requestDevice(this.#provider));
    other.tuned = this.tuned;
    return other;
  }

  /**
   * A device of another adapter, with the same shaders, edits included; undefined when this machine
   * has no other that works.
   */
  async elsewhere(): Promise<Gpu | undefined> {
    for (const wish of OTHER_ADAPTERS) {
      const grant = await requestDevice(this.#provider, wish).catch(() => undefined);
      const other =
        grant && nameOf(grant.adapter) !== nameOf(this.adapter)
          ? await this.#running(grant).catch(() => undefined)
          : undefined;
      if (other) return other;
      grant?.device.destroy();
    }
    return undefined;
  }

  async #running(grant: DeviceGrant): Promise<Gpu> {
    const other = await new Gpu(grant, this.#provider).#withoutIrregularQuads();
    const { pipelines } = other.recorder;
    pipelines.takeEdits(this.recorder.pipelines);
    other.onRead = this.onRead;
    return other;
  }

  /**
   * Does without subgroups where the lanes of a quad are not the neighbours that the kernels take
   * them for: WGSL does not promise it.
   */
  async #withoutIrregularQuads(): Promise<Gpu> {
    if (!this.features.has('subgroups')) return this;
    try {
      this.#quads = areNeighbours(await quadMembers(this)) ? 'neighbours' : 'scattered';
      if (this.#quads === 'scattered') this.#features.delete('subgroups');
      return this;
    } catch (cause) {
      this[Symbol.dispose]();
      throw new NoAdapterError(
        'no-device',
        `the device failed before it could be used (${messageOf(cause)}): try again`,
        { cause },
      );
    }
  }

  /** Where the lanes of a quad were found: what kernels with subgroups are used by. */
  get quads(): Quads {
    return this.#quads;
  }

  /** Reason of the loss, if the device was lost. */
  get lost(): GPUDeviceLostInfo | undefined {
    return this.#lost;
  }

  allocate(bytes: number): Allocation {
    return (this.#trace ?? this.memory).allocate(bytes);
  }

  free(allocation: Allocation): void {
    if (this.#trace) this.#trace.free(allocation);
    // A program owns what its step allocated.
    else if (!(allocation instanceof TracedAllocation)) this.memory.free(allocation);
  }

  /** Records a launch; one of no workgroups has nothing to do, and is left out. */
  dispatch(launch: Launch): void {
    if (!hasWork(launch.workgroups)) return;
    for (const binding of bindingLayout(launch.shader).written) {
      const memory = launch.bindings[binding]?.memory;
      if (memory) memory.version += 1;
    }
    (this.#trace ?? this.recorder).dispatch(readingHalves(launch));
  }

  /** Records a copy of `bytes` bytes, a multiple of 4. */
  copy(from: Place, to: Place, bytes: number): void {
    const { memory } = to;
    memory.version += 1;
    (this.#trace ?? this.recorder).copy(from, to, bytes);
  }

  /** Submits what was recorded; in a step that is traced there is nothing to submit yet. */
  submit(): void {
    if (!this.#trace) this.recorder.submit();
  }

  /** Writes host bytes behind what was recorded, which is submitted first where they are many. */
  write(target: Allocation, data: ArrayBufferView): void {
    target.version += 1;
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    if (this.#trace) {
      this.#trace.write(target, bytes);
      return;
    }
    const aligned = bytes.byteLength % 4 === 0 ? bytes : padToWords(bytes);
    this.recorder.write(target, aligned as Uint8Array<ArrayBuffer>);
  }

  /**
   * Submits, waits, and copies `bytes` bytes (a multiple of 4 is read, the rest dropped) to the
   * host. Throws CaptureError at once, and not when it is awaited, in a step that is traced.
   */
  read(source: Place, bytes: number): Promise<ArrayBuffer> {
    this.#trace?.read();
    this.waits += 1;
    const read = this.#read(source, bytes);
    this.onRead?.(read);
    return read;
  }

  async #read(source: Place, bytes: number): Promise<ArrayBuffer> {
    const size = Math.ceil(bytes / 4) * 4;
    const staging = this.device.createBuffer({ size, usage: STAGING });
    this.stagingBytes += size;
    this.recorder.copy(source, { memory: { buffer: staging, offset: 0 }, offset: 0 }, size);
    this.recorder.submit();
    try {
      await staging.mapAsync(1);
      return staging.getMappedRange().slice(0, bytes);
    } catch (cause) {
      if (this.#lost) throw new DeviceLostError(this.#lost);
      throw cause;
    } finally {
      staging.destroy();
      this.stagingBytes -= size;
    }
  }

  /**
   * Submits and waits until the queue is empty. Throws CaptureError at once in a step that is
   * traced.
   */
  finish(): Promise<undefined> {
    this.#trace?.read();
    this.waits += 1;
    this.recorder.submit();
    return this.device.queue.onSubmittedWorkDone();
  }

  /**
   * Calls `step` and returns what it asked of the device; none of that is done. Throws CaptureError
   * when it asks what a replay cannot repeat: to read, to write from the host to memory that it did
   * not allocate, or to wait.
   */
  trace<T>(step: () => T): { readonly trace: Trace; readonly result: T } {
    const outer = this.#trace;
    const trace = new Trace();
    this.#trace = trace;
    try {
      const result = step();
      if (result instanceof Promise)
        refuse('capture-async', 'a captured step must not wait: it returned a promise');
      return { trace, result };
    } finally {
      this.#trace = outer;
    }
  }

  [Symbol.dispose](): void {
    this.memory.trim();
    this.device.destroy();
  }
}

/** Whether loads cost more than arithmetic, and barriers more than both, as on a processor. */
export function hasFewLanes({ widestSubgroup }: Pick<Gpu, 'widestSubgroup'>): boolean {
  return widestSubgroup !== undefined && widestSubgroup <= FEW_LANES;
}

function nameOf(adapter: AdapterDescription): string {
  return JSON.stringify(adapter);
}

function padToWords(bytes: Uint8Array): Uint8Array {
  const padded = new Uint8Array(wholeWords(bytes.byteLength));
  padded.set(bytes);
  return padded;
}

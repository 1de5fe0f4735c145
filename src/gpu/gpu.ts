import { GradproofError } from '../errors.ts';
import { type AdapterDescription, type DeviceGrant, requestDevice } from './device.ts';
import { type Allocation, Memory } from './memory.ts';
import { type Launch, Recorder } from './recorder.ts';

/** The device went away while it was needed: it was destroyed from here, or lost by driver, GPU process or system. */
export class DeviceLostError extends GradproofError {
  constructor({ reason, message }: GPUDeviceLostInfo) {
    const [code, action] =
      reason === 'destroyed'
        ? ['device-destroyed', 'only the case itself can have done that']
        : ['device-lost', 'run it again; if it stays, update the graphics driver'];
    super(code, `the GPU device was lost (${reason}): ${message || 'no message'}: ${action}`);
  }
}

/** What one submit may hold before it is split, so that no submit takes long: about 0.2 s on a CPU adapter and on a laptop's GPU. */
const FLOPS_PER_SUBMIT = { fallback: 2e9, hardware: 1e11 } as const;

/** Wishes that may lead to an adapter beside the preferred one. */
const OTHER_ADAPTERS: readonly GPURequestAdapterOptions[] = [{ forceFallbackAdapter: true }, { powerPreference: 'low-power' }];

/**
 * The one object through which everything above reaches WebGPU: memory with a ledger, a recorder of commands, transfers.
 * Commands are recorded in call order and run when {@link Gpu.read} or {@link Gpu.submit} is called.
 */
export class Gpu implements Disposable {
  readonly device: GPUDevice;
  readonly adapter: AdapterDescription;
  readonly features: ReadonlySet<string>;
  readonly limits: Readonly<Record<string, number>>;
  readonly memory: Memory;
  readonly recorder: Recorder;
  readonly #provider: GPU | undefined;
  #lost: GPUDeviceLostInfo | undefined;

  private constructor({ device, adapter, features, limits }: DeviceGrant, provider: GPU | undefined) {
    this.#provider = provider;
    this.device = device;
    this.adapter = adapter;
    this.features = new Set(features);
    this.limits = limits;
    this.memory = new Memory(device);
    this.recorder = new Recorder(device, adapter.isFallback ? FLOPS_PER_SUBMIT.fallback : FLOPS_PER_SUBMIT.hardware);
    device.lost.then((info) => {
      this.#lost = info;
    });
  }

  /** Requests a device. Throws NoAdapterError with what to do when there is none. */
  static async request(gpu: GPU | undefined = globalThis.navigator?.gpu): Promise<Gpu> {
    return new Gpu(await requestDevice(gpu), gpu);
  }

  /** A second device of the same adapter, with the same shaders, edits included. Throws NoAdapterError when there is none. */
  async fresh(): Promise<Gpu> {
    return this.#running(await requestDevice(this.#provider));
  }

  /** A device of another adapter, with the same shaders, edits included; undefined when this machine has no other. */
  async elsewhere(): Promise<Gpu | undefined> {
    for (const wish of OTHER_ADAPTERS) {
      const grant = await requestDevice(this.#provider, wish).catch(() => undefined);
      if (grant && !sameAdapter(grant.adapter, this.adapter)) return this.#running(grant);
      grant?.device.destroy();
    }
    return undefined;
  }

  #running(grant: DeviceGrant): Gpu {
    const other = new Gpu(grant, this.#provider);
    other.recorder.pipelines.takeEdits(this.recorder.pipelines);
    return other;
  }

  /** Reason of the loss, if the device was lost. */
  get lost(): GPUDeviceLostInfo | undefined {
    return this.#lost;
  }

  allocate(bytes: number): Allocation {
    return this.memory.allocate(bytes);
  }

  dispatch(launch: Launch): void {
    this.recorder.dispatch(launch);
  }

  submit(): void {
    this.recorder.submit();
  }

  /** Writes host bytes. What was recorded before is submitted first, since a write to the queue would overtake it. */
  write(target: Allocation, data: ArrayBufferView): void {
    this.recorder.submit();
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const aligned = bytes.byteLength % 4 === 0 ? bytes : padToWords(bytes);
    this.device.queue.writeBuffer(target.buffer, 0, aligned as Uint8Array<ArrayBuffer>);
  }

  /** Submits, waits, and copies `bytes` bytes (a multiple of 4 is read, the rest dropped) to the host. */
  async read(source: { readonly buffer: GPUBuffer; readonly offset?: number }, bytes: number): Promise<ArrayBuffer> {
    const size = Math.ceil(bytes / 4) * 4;
    const staging = this.device.createBuffer({ size, usage: 0x01 | 0x08 }); // MAP_READ | COPY_DST
    this.recorder.copy(source.buffer, source.offset ?? 0, staging, 0, size);
    this.recorder.submit();
    try {
      await staging.mapAsync(1);
      return staging.getMappedRange().slice(0, bytes);
    } catch (cause) {
      if (this.#lost) throw new DeviceLostError(this.#lost);
      throw cause;
    } finally {
      staging.destroy();
    }
  }

  /** Submits and waits until the queue is empty. */
  async finish(): Promise<void> {
    this.recorder.submit();
    await this.device.queue.onSubmittedWorkDone();
  }

  [Symbol.dispose](): void {
    this.memory.trim();
    this.device.destroy();
  }
}

function sameAdapter(a: AdapterDescription, b: AdapterDescription): boolean {
  return (['vendor', 'architecture', 'device', 'description', 'isFallback'] as const).every((key) => a[key] === b[key]);
}

function padToWords(bytes: Uint8Array): Uint8Array {
  const padded = new Uint8Array(Math.ceil(bytes.byteLength / 4) * 4);
  padded.set(bytes);
  return padded;
}

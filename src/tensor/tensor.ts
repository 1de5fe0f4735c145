import { InvariantError } from '../errors.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { HeldMemory } from '../gpu/held-memory.ts';
import type { Allocation, Binding, MemoryCategory } from '../gpu/memory.ts';
import { PagedMemory, type Transfers } from '../gpu/paged-memory.ts';
import { Scope } from '../gpu/scope.ts';
import { seam } from '../seam.ts';
import { bytesPerElement, type DType, isHalf } from './dtype.ts';
import { type HostTensor, hostTensor, hostTensorFromBytes, hostZeros, ShapeError } from './host.ts';
import { formatShape, type Shape, sizeOf } from './shape.ts';

/**
 * Bindings end on a whole vec4f, since a kernel that reads `array<vec4f>` must reach the last
 * elements.
 */
const VEC4_BYTES = 16;

/** Tensors by the names that the op gives them. */
export type Tensors = Readonly<Record<string, Tensor>>;

/**
 * A dense row-major tensor in device memory. The code that makes it owns it and disposes it
 * (`using`); a leak is a test failure. A {@link Tensor.view} shares the memory and owns nothing.
 */
export class Tensor implements Disposable {
  readonly gpu: Gpu;
  readonly dtype: DType;
  readonly shape: Shape;
  readonly size: number;
  readonly bytes: number;
  readonly #allocation: Allocation;
  readonly #offset: number;
  readonly #owns: boolean;
  #disposed = false;

  private constructor(
    gpu: Gpu,
    dtype: DType,
    shape: Shape,
    allocation: Allocation,
    offset: number,
    owns: boolean,
  ) {
    this.gpu = gpu;
    this.dtype = dtype;
    this.shape = shape;
    this.size = sizeOf(shape);
    this.bytes = this.size * bytesPerElement(dtype);
    this.#allocation = allocation;
    this.#offset = offset;
    this.#owns = owns;
  }

  /**
   * Allocates without initialising: a kernel must write every element. Throws ShapeError for a
   * shape that no kernel of the adapter can bind.
   */
  static empty(gpu: Gpu, dtype: DType, shape: Shape): Tensor {
    if (!shape.every((n) => Number.isInteger(n) && n >= 0))
      throw new ShapeError(`${formatShape(shape)} is no shape: sizes are whole numbers`);
    const bytes = sizeOf(shape) * bytesPerElement(dtype);
    const most = gpu.limits['maxStorageBufferBindingSize'] as number;
    if (bytes > most) {
      throw new ShapeError(
        `${dtype} ${formatShape(shape)} has ${bytes} bytes, and kernels of this adapter reach ${most}: split it`,
      );
    }
    return new Tensor(gpu, dtype, shape, gpu.allocate(bytes), 0, true);
  }

  /**
   * Copies a host tensor to the device. Throws ShapeError when its data does not fill its shape.
   */
  static from(gpu: Gpu, host: HostTensor): Tensor {
    hostTensor(host.dtype, host.shape, host.data);
    const tensor = Tensor.empty(gpu, host.dtype, host.shape);
    gpu.write(tensor.#allocation, host.data);
    return tensor;
  }

  /**
   * A tensor whose elements lie on the host, and on the device only while it is held: see
   * {@link holding}. What goes between them is counted in `transfers`.
   */
  static onHost(gpu: Gpu, host: HostTensor, transfers: Transfers): Tensor {
    const { dtype, shape, data } = hostTensor(host.dtype, host.shape, host.data);
    return Tensor.heldIn(gpu, { dtype, shape }, new PagedMemory(gpu, data, transfers));
  }

  /** A tensor whose elements are on the device only while they are held. */
  static heldIn(
    gpu: Gpu,
    { dtype, shape }: Pick<HostTensor, 'dtype' | 'shape'>,
    memory: HeldMemory,
  ): Tensor {
    return new Tensor(gpu, dtype, shape, memory, 0, true);
  }

  /** A tensor of zeros. */
  static zeros(gpu: Gpu, shape: Shape, dtype: DType = 'f32'): Tensor {
    return Tensor.from(gpu, hostZeros(dtype, shape));
  }

  /** Grows with every command that may have changed its memory; views of one tensor share it. */
  get version(): number {
    return this.#allocation.version;
  }

  /**
   * What a launch binds: the buffer and the range that holds the elements, in units of 16 bytes so
   * that a kernel may address it as `array<vec4f>`. What a kernel does past the last element is its
   * own fault: the rest of the last unit is not the tensor's.
   */
  get binding(): Binding {
    if (this.#disposed)
      throw new InvariantError(
        `tensor ${this.dtype} ${formatShape(this.shape)} was used after its disposal`,
      );
    const memory = this.#allocation;
    const guarded = this.#owns && memory.guardBytes !== 0;
    const size = guarded ? roundUp(this.bytes, 4) + memory.guardBytes : boundBytes(this.bytes);
    const { dtype } = this;
    const offset = this.#offset;
    return isHalf(dtype) ? { memory, offset, size, half: dtype } : { memory, offset, size };
  }

  /** As {@link Tensor.binding}, for a kernel that itself knows how halves lie. */
  words(): Binding {
    const { half: _, ...binding } = this.binding;
    return binding;
  }

  /**
   * The same memory with another shape, or a part of it from byte `offset` on (a multiple of 256
   * when it is bound). Owns nothing.
   */
  view(shape: Shape, options: { readonly offset?: number; readonly dtype?: DType } = {}): Tensor {
    const dtype = options.dtype ?? this.dtype;
    const offset = options.offset ?? 0;
    const bytes = sizeOf(shape) * bytesPerElement(dtype);
    if (offset + bytes > this.bytes)
      throw new InvariantError(
        `a view of ${bytes} bytes at ${offset} does not fit in ${this.bytes}`,
      );
    return new Tensor(this.gpu, dtype, shape, this.#allocation, this.#offset + offset, false);
  }

  /** What is on the device only while it is held, of a tensor of such memory or a view of one. */
  get held(): HeldMemory | undefined {
    return this.#allocation instanceof HeldMemory ? this.#allocation : undefined;
  }

  /** What lies on the host, of a tensor of {@link Tensor.onHost} or a view of one. */
  get paged(): PagedMemory | undefined {
    return this.#allocation instanceof PagedMemory ? this.#allocation : undefined;
  }

  /** Counts its memory as what it is for. */
  countAs(category: MemoryCategory): this {
    if (this.held) this.held.category = category;
    else this.gpu.memory.countAs(category, this.#allocation);
    return this;
  }

  /** A copy in memory of its own. */
  clone(): Tensor {
    const copy = Tensor.empty(this.gpu, this.dtype, this.shape);
    copy.copyFrom(this);
    return copy;
  }

  /** Overwrites the elements with those of a tensor of the same bytes, a multiple of 4. */
  copyFrom(source: Tensor): void {
    if (source.bytes !== this.bytes)
      throw new InvariantError(`a copy of ${source.bytes} bytes into ${this.bytes} does not fit`);
    this.gpu.copy(source.binding, this.binding, Math.ceil(this.bytes / 4) * 4);
  }

  /** Overwrites the elements from the host. */
  write(host: HostTensor): void {
    if (host.data.byteLength !== this.bytes || this.#offset !== 0)
      throw new InvariantError('write needs a whole tensor of the same size');
    if (this.held) this.held.write(host.data);
    else this.gpu.write(this.#allocation, host.data);
  }

  /** Waits for the queue and copies the elements to the host. */
  read(): Promise<HostTensor> {
    const onHost = this.held?.contentOf(this.#offset, this.#offset + this.bytes);
    const bytes = onHost ? Promise.resolve(onHost) : this.gpu.read(this.binding, this.bytes);
    return bytes.then((all) => hostTensorFromBytes(this.dtype, this.shape, all));
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    if (this.#owns) this.gpu.free(this.#allocation);
  }
}

/** Keeps tensors on the device until the result is disposed; those that are always there need it not. */
export function holding(tensors: Iterable<Tensor>): Disposable {
  using held = new Scope();
  for (const tensor of tensors) if (tensor.held) held.add(tensor.held.hold());
  return held.move();
}

/** Bytes that a launch binds of a tensor: never none, which WebGPU refuses. */
const boundBytes = seam('tensor.bound_bytes', (bytes: number) => roundUp(bytes, VEC4_BYTES));

function roundUp(bytes: number, step: number): number {
  return Math.max(1, Math.ceil(bytes / step)) * step;
}

import { type DType, defaultDevice, getWebGPUDevice, init, numpy as np, tree } from '@jax-js/jax';
import { type HostTensor, hostTensor } from '../../src/tensor/host.ts';
import { GpuErrors } from '../contender/gpu-errors.ts';
import { NoBackendError } from '../contender/no-backend-error.ts';
import { inverse, permuted } from '../contender/permuted.ts';
import type { Arrays } from './op.ts';

/** What goes to a device, what comes back, and when it is done. */
export interface Device {
  /** An array with its dimensions in `order`. */
  upload(given: HostTensor, order?: readonly number[]): np.Array;
  /** The numbers of an array, which it owns, and whose dimensions are in `order`. */
  read(array: np.Array, order?: readonly number[]): Promise<HostTensor>;
  /** Has arrays computed, and drops them: those that are dropped before are never computed. */
  submit(arrays: Arrays): void;
  /** Resolves when all that was submitted is done. */
  finish(): Promise<void>;
  /** Throws what went wrong up to now. */
  settle(): Promise<void>;
}

/** The WebGPU device of jax-js. */
export class JaxDevice implements Device {
  readonly #device: GPUDevice;
  readonly #errors: GpuErrors;

  private constructor(device: GPUDevice) {
    this.#device = device;
    this.#errors = new GpuErrors('jax-js', device);
  }

  /** Throws NoBackendError, `no-adapter`, where it finds no adapter. */
  static async request(): Promise<JaxDevice> {
    if (!(await init('webgpu')).includes('webgpu'))
      throw new NoBackendError('no-adapter', 'jax-js found no WebGPU adapter');
    defaultDevice('webgpu');
    return new JaxDevice(getWebGPUDevice());
  }

  upload(given: HostTensor, order?: readonly number[]): np.Array {
    const { dtype, shape, data } = order ? permuted(given, order) : given;
    return np.array(data as Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>, {
      shape: [...shape],
      dtype: (dtype === 'f32' ? np.float32 : np.int32) as DType,
    });
  }

  async read(array: np.Array, order?: readonly number[]): Promise<HostTensor> {
    const { shape } = array;
    const data = (await array.data()) as Float32Array | Int32Array;
    const dtype = data instanceof Int32Array ? 'i32' : 'f32';
    const host = hostTensor(dtype, shape.length === 0 ? [1] : shape, data);
    return order ? permuted(host, inverse(order)) : host;
  }

  submit(arrays: Arrays): void {
    for (const array of tree.leaves(arrays)) (array as np.Array).gpuBufferSync();
  }

  /** Not by `blockUntilReady`, which copies no bytes: for these a browser need not wait. */
  async finish(): Promise<void> {
    await this.#device.queue.onSubmittedWorkDone();
    this.#errors.check();
  }

  settle(): Promise<void> {
    return this.#errors.settle();
  }

  dispose(): void {
    this.#device.destroy();
  }
}

import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu/dist/backend_webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { type HostTensor, hostTensor, hostTensorFrom } from '../../src/tensor/host.ts';
import { GpuErrors } from '../contender/gpu-errors.ts';
import { NoBackendError } from '../contender/no-backend-error.ts';
import { inverse, permuted } from '../contender/permuted.ts';

/** The setting that takes the windows of a convolution out in a shader of its own. */
export const IM2COL = 'separate im2col';

/** What goes to a device, what comes back, and when it is done. */
export interface Device {
  /** Sets the library's flags as a setting has them. */
  configure(setting: string): void;
  /** Bytes of the buffers that live tensors have. */
  readonly bytes: number;
  /** A tensor with its dimensions in `order`, on the device from now on. */
  upload(given: HostTensor, order?: readonly number[]): tf.Tensor;
  /** The numbers of a tensor whose dimensions are in `order`. */
  read(tensor: tf.Tensor, order?: readonly number[]): Promise<HostTensor>;
  /** Resolves when all is done. */
  finish(): Promise<void>;
  /** Throws what went wrong up to now. */
  settle(): Promise<void>;
}

/** The device of the WebGPU backend. */
export class TfDevice implements Device {
  readonly #backend: WebGPUBackend;
  readonly #errors: GpuErrors;

  private constructor(backend: WebGPUBackend) {
    this.#backend = backend;
    this.#errors = new GpuErrors('TensorFlow.js', backend.device);
  }

  /** Throws NoBackendError, `no-adapter`, where it finds no adapter. */
  static async request(): Promise<TfDevice> {
    if (!(await tf.setBackend('webgpu')))
      throw new NoBackendError('no-adapter', 'TensorFlow.js found no WebGPU adapter');
    await tf.ready();
    // Small tensors would be computed on the host, by another backend.
    tf.env().set('WEBGPU_CPU_FORWARD', false);
    return new TfDevice(tf.backend() as WebGPUBackend);
  }

  configure(setting: string): void {
    tf.env().set('WEBGPU_CONV_SEPARATE_IM2COL_SHADER', setting === IM2COL);
  }

  get bytes(): number {
    return this.#backend.memory().numBytesInGPU;
  }

  upload(given: HostTensor, order?: readonly number[]): tf.Tensor {
    const { dtype, shape, data } = order ? permuted(given, order) : given;
    const tensor = tf.tensor(
      data as Float32Array | Int32Array,
      [...shape],
      dtype === 'f32' ? 'float32' : 'int32',
    );
    this.#backend.uploadToGPU(tensor.dataId);
    return tensor;
  }

  async read(tensor: tf.Tensor, order?: readonly number[]): Promise<HostTensor> {
    const data = (await tensor.data()) as Float32Array | Int32Array;
    this.#errors.check();
    const shape = tensor.shape.length === 0 ? [1] : tensor.shape;
    const host =
      data instanceof Int32Array
        ? hostTensor('i32', shape, data)
        : hostTensorFrom('f32', shape, data);
    return order ? permuted(host, inverse(order)) : host;
  }

  /**
   * Submits what the backend holds back, and resolves when all of it is done. A pass that is open
   * when its encoder ends makes an invalid command buffer, which is done at once.
   */
  async finish(): Promise<void> {
    const { device } = this.#backend;
    this.#backend.ensureCommandEncoderReady();
    this.#backend.endComputePassEncoder();
    this.#backend.submitQueue();
    await device.queue.onSubmittedWorkDone();
    this.#errors.check();
  }

  settle(): Promise<void> {
    return this.#errors.settle();
  }

  dispose(): void {
    tf.removeBackend('webgpu');
    this.#backend.device.destroy();
  }
}

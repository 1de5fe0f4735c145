import type { Tensor } from 'onnxruntime-web';
import type { GpuErrors } from '../contender/gpu-errors.ts';
import type { Built } from './onnx/operator.ts';
import type { Binding } from './prepared-graph.ts';
import { bytesOf, hostTensorOf, ortType } from './tensors.ts';

type Ort = Pick<typeof import('onnxruntime-web'), 'Tensor'>;

/** Whole quads of words, as kernels of vectors read them. */
const whole = (bytes: number): number => Math.max(16, Math.ceil(bytes / 16) * 16);

/** Buffers on ONNX Runtime's own device, which it reads and writes in place. */
export function deviceBinding(
  { Tensor }: Ort,
  device: GPUDevice,
  errors: GpuErrors,
  { graph }: Built,
): Binding {
  const { STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
  const buffers: GPUBuffer[] = [];
  const allocate = (bytes: number): GPUBuffer => {
    const usage = STORAGE | COPY_SRC | COPY_DST;
    const buffer = device.createBuffer({ size: whole(bytes), usage });
    buffers.push(buffer);
    return buffer;
  };
  const onDevice = (type: Tensor.GpuBufferDataTypes, dims: readonly number[], buffer: GPUBuffer) =>
    Tensor.fromGpuBuffer(buffer, { dataType: type, dims }) as Tensor;
  const feeds = Object.fromEntries(
    [...graph.fed].map(([name, fed]) => {
      const bytes = bytesOf(fed);
      const buffer = allocate(bytes.byteLength);
      const padded = new Uint8Array(whole(bytes.byteLength));
      padded.set(bytes);
      device.queue.writeBuffer(buffer, 0, padded);
      return [name, onDevice(ortType(fed.type) as Tensor.GpuBufferDataTypes, fed.shape, buffer)];
    }),
  );
  return {
    feeds,
    sync: async () => {
      await device.queue.onSubmittedWorkDone();
      errors.check();
    },
    read: async ({ gpuBuffer, dims }, type) => {
      const { size } = gpuBuffer;
      const staging = device.createBuffer({ size, usage: COPY_DST | MAP_READ });
      const encoder = device.createCommandEncoder();
      encoder.copyBufferToBuffer(gpuBuffer, 0, staging, 0, size);
      device.queue.submit([encoder.finish()]);
      await staging.mapAsync(GPUMapMode.READ);
      await errors.settle();
      const bytes = staging.getMappedRange().slice(0);
      staging.destroy();
      return hostTensorOf(type, dims, bytes);
    },
    dispose: async () => {
      for (const buffer of buffers) buffer.destroy();
      await errors.settle();
    },
  };
}

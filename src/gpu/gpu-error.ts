import { GradproofError } from '../errors.ts';
import { seam } from '../seam.ts';

/** What Dawn and wgpu say of a resource of one device that is used on another. */
const OTHER_DEVICE = /is associated with .*cannot be used with|device mismatch/is;

const isOfOtherDevice = seam('gpu.is_of_other_device', (message: string) =>
  OTHER_DEVICE.test(message),
);

/** What an error scope caught, with a code of its own kind and what to do about it. */
export function gpuErrorOf(error: GPUError): GradproofError {
  const { message } = error;
  switch (error.constructor.name) {
    case 'GPUOutOfMemoryError':
      return new GradproofError(
        'out-of-memory',
        `${message}: close what else uses the GPU and run the case again`,
      );
    case 'GPUInternalError':
      return new GradproofError(
        'gpu-internal',
        `${message}: update browser and graphics driver and run the case again`,
      );
    default:
      return isOfOtherDevice(message)
        ? new GradproofError('device', `${message}: copy the tensor to the device that computes`)
        : new GradproofError(
            'gpu-validation',
            `${message}: the browser refuses what this case asks of it; report it with this message`,
          );
  }
}

/**
 * Runs `work` in an error scope of its own and returns what WebGPU found wrong with it, or
 * undefined; what `work` throws is thrown.
 */
export async function gpuErrorIn(
  device: GPUDevice,
  filter: GPUErrorFilter,
  work: () => unknown,
): Promise<GradproofError | undefined> {
  device.pushErrorScope(filter);
  let caught: Promise<GPUError | null>;
  try {
    await work();
  } finally {
    caught = device.popErrorScope();
  }
  const error = await caught;
  return error ? gpuErrorOf(error) : undefined;
}

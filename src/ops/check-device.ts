import { GradproofError } from '../errors.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { seam } from '../seam.ts';
import type { Tensor } from '../tensor/tensor.ts';

/**
 * Throws `device` when a tensor is of another device than the op runs on: WebGPU would say so only
 * after the submit.
 */
export const checkDevice = seam(
  'ops.check_device',
  (op: string, gpu: Gpu, given: Readonly<Record<string, Tensor | undefined>>): void => {
    for (const name of Object.keys(given)) {
      const tensor = given[name];
      if (!tensor || tensor.gpu.device === gpu.device) continue;
      throw new GradproofError(
        'device',
        `${op}: ${name} is of ${tensor.gpu.device.label}, and ${op} runs on ${gpu.device.label}: read it and copy it there`,
      );
    }
  },
);

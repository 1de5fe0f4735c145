import { WebGpuBackend } from '../../src/backends/webgpu.ts';
import type { LayerOptions } from '../../src/quantizer/policy.ts';
import { createQuantizer, type Quantizer } from '../../src/quantizer/quantizer.ts';
import { filledTensor, type HostTensor } from '../../src/tensor/host.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import type { CaseContext } from '../../src/testing/context.ts';

/** Normal numbers of a stream of the case's seed. */
export function drawn(t: CaseContext, stream: number, shape: Shape, deviation = 1): HostTensor {
  const random = t.random(stream);
  return filledTensor('f32', shape, () => random.normal(deviation));
}

/** Weights are as large as a trained linear's. */
const WEIGHT_SIZE = 0.05;

/** Normal numbers of that size. */
export const drawnWeight = (t: CaseContext, stream: number, shape: Shape): HostTensor =>
  drawn(t, stream, shape, WEIGHT_SIZE);

/** A quantizer of the case's device. */
export const quantizerOf = (t: CaseContext, options: LayerOptions): Quantizer =>
  createQuantizer(new WebGpuBackend(t.gpu), options);

import type { Sample, Values } from '../record.ts';
import type { SimulatedGpu } from './simulated-gpu.ts';

/**
 * What the kernels of an op compute, operation by operation and in their order, on a simulated GPU.
 * The variants of an op may differ in how they order their sums.
 */
export interface Simulation<Params = object> {
  /** Name of the op and of its record. */
  readonly op: string;
  forward(gpu: SimulatedGpu, inputs: Values, params: Params, variant: string): Values;
  backward?(
    gpu: SimulatedGpu,
    inputs: Values,
    params: Params,
    grads: Values,
    variant: string,
  ): Values;
  /** Inputs beside the record's own samples, up to sizes that no quick case can afford. */
  readonly samples?: readonly Sample<Params>[];
}

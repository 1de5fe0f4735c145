/**
 * `gradproof/reference`: what every op computes in float64, its gradients, how far any legal GPU
 * may be off, and the judge of results. Needs no GPU.
 */

export { type Judgement, judge } from '../reference/judge.ts';
export type { Acceptance, Arithmetic, OpRecord, Value, Values } from '../reference/record.ts';
export { records } from '../reference/registry.ts';
export { type HostTensor, hostTensor, hostTensorFrom, valuesOf } from '../tensor/host.ts';

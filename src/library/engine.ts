/**
 * `gradproof/engine`: a device, tensors, automatic differentiation, captured steps, GGUF files. Ops
 * are modules of their own, as `gradproof/ops/nn/silu`, so that a program loads the kernels that it
 * uses.
 */

export { CapturedStep, type CaptureOptions, capture } from '../autograd/capture.ts';
export { FlatParameters } from '../autograd/flat-parameters.ts';
export { GradientSum } from '../autograd/gradient-sum.ts';
export { RandomState } from '../autograd/random-state.ts';
export { Tape } from '../autograd/tape.ts';
export { GradproofError } from '../errors.ts';
export { llamaCheckpoint } from '../formats/gguf/llama-checkpoint.ts';
export { readGguf } from '../formats/gguf.ts';
export { Gpu } from '../gpu/gpu.ts';
export { type MemoryUsage, memoryUsage } from '../gpu/memory-usage.ts';
export type { Launcher } from '../ops/launcher.ts';
export type { DType } from '../tensor/dtype.ts';
export { type HostTensor, hostTensor, hostTensorFrom, valuesOf } from '../tensor/host.ts';
export { Random } from '../tensor/random.ts';
export type { Shape } from '../tensor/shape.ts';
export { holding, Tensor } from '../tensor/tensor.ts';
export { Optimizer, type OptimizerOptions } from '../train/optimizer.ts';
export { type GroupPlace, groupPlaces, ProcessGroup } from '../train/sharded/process-group.ts';
export { ShardHome } from '../train/sharded/shard-home.ts';
export type { Sharding } from '../train/sharded/sharded-update.ts';
export type { ShardingStrategy } from '../train/sharded/strategies.ts';
export type { OptimizerParams } from '../train/update-rule.ts';

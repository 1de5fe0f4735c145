import { Tape } from '../../autograd/tape.ts';
import type { CodedWeight } from '../../formats/hugging-face/coded-weights.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { mapped } from '../../graph/call.ts';
import { type DeviceWeight, decodedWeight } from '../../quantizer/coding.ts';
import { ggufCoding } from '../../quantizer/gguf-coding.ts';
import { schemeOf } from '../../quantizer/registry.ts';
import { Tensor } from '../../tensor/tensor.ts';

/** Uploads a weight as a folder has it in codes; the caller owns the parts. */
export function codedOnDevice(gpu: Gpu, { scheme, shape, parts }: CodedWeight): DeviceWeight {
  const uploaded = mapped(parts, (part) => Tensor.from(gpu, part));
  return 'blocks' in scheme
    ? { format: ggufCoding(scheme.blocks), shape, parts: uploaded }
    : schemeOf(scheme).weight(uploaded, shape);
}

/** What such a weight stands for, f32, as tables are kept that are read by rows; the caller owns it. */
export function decodedTable(gpu: Gpu, coded: CodedWeight): Tensor {
  using owned = new Scope();
  const weight = codedOnDevice(gpu, coded);
  owned.addAll(weight.parts);
  using tape = new Tape(gpu);
  return decodedWeight(tape, weight, 'table').clone();
}

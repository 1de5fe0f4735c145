import { Tape } from '../../autograd/tape.ts';
import type { CodedWeight } from '../../formats/hugging-face/coded-weights.ts';
import { type CheckpointWeight, withScales } from '../../formats/quantized-checkpoint.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { mapped } from '../../graph/call.ts';
import { withParts } from '../../quant/weight.ts';
import { type DeviceWeight, decodedWeight } from '../../quantizer/coding.ts';
import { doubleQuantizedParts, SCALES_IN_A_BLOCK } from '../../quantizer/double-quantized.ts';
import { ggufCoding } from '../../quantizer/gguf-coding.ts';
import { schemeOf } from '../../quantizer/registry.ts';
import { type HostTensor, hostTensor } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';

/** Uploads a weight as a folder has it in codes; the caller owns the parts. */
export function codedOnDevice(gpu: Gpu, { scheme, shape, parts }: CodedWeight): DeviceWeight {
  const uploaded = mapped(parts, (part) => Tensor.from(gpu, part));
  return 'blocks' in scheme
    ? { format: ggufCoding(scheme.blocks), shape, parts: uploaded }
    : schemeOf(scheme).weight(uploaded, shape);
}

/**
 * Uploads a weight as a folder has it in 4 bits of bitsandbytes; its scales stay in 8 bits where they
 * are stored so, in blocks of bitsandbytes' size. The caller owns the parts.
 */
export function fourBitsOnDevice(gpu: Gpu, weight: CheckpointWeight): DeviceWeight {
  const { format, blocksize, shape, nested } = weight;
  if (nested?.scales.blocksize !== SCALES_IN_A_BLOCK)
    return withParts(withScales(weight), (part) => Tensor.from(gpu, part));
  const parts = doubleQuantizedParts(weight.parts['packed'] as HostTensor, nested);
  const scheme = schemeOf({ method: format.name, groupSize: blocksize, quantScale: true });
  return scheme.weight(
    mapped(parts, (part) => Tensor.from(gpu, part)),
    shape,
  );
}

/** Rows of a weight all of whose parts lie by rows. */
export function codedRows(
  { scheme, shape, parts }: CodedWeight,
  { first, count }: { readonly first: number; readonly count: number },
): CodedWeight {
  const [rows = 1, ...rest] = shape;
  return {
    ...{ scheme, shape: [count, ...rest] },
    parts: mapped(parts, ({ dtype, shape: [, ...own], data }) => {
      const width = data.length / rows;
      return hostTensor(
        dtype,
        [count, ...own],
        data.subarray(first * width, (first + count) * width),
      );
    }),
  };
}

/** What such a weight stands for, f32, as tables are kept that are read by rows; the caller owns it. */
export function decodedTable(gpu: Gpu, coded: CodedWeight): Tensor {
  using owned = new Scope();
  const weight = codedOnDevice(gpu, coded);
  owned.addAll(weight.parts);
  using tape = new Tape(gpu);
  return decodedWeight(tape, weight, 'table').clone();
}

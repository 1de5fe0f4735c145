import { Tape } from '../../autograd/tape.ts';
import { sha256 } from '../../formats/sha256.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { type HostTensor, type HostTensors, valuesOf } from '../../tensor/host.ts';
import type { Shape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { calibrate, decodedWeight } from '../coding.ts';
import { createQuantizer, type QuantizerBackend } from '../quantizer.ts';
import type { WholeChoice } from './schemes.ts';
import type { NamedWeight } from './weight-source.ts';

/** A quantized layer as it is sent and saved. */
export interface StoredLayer {
  readonly layer: string;
  /** Of the weight, [out, ...]. */
  readonly shape: Shape;
  /** By their names in the scheme. */
  readonly parts: HostTensors;
  /** What {@link digestOf} says of the weight that they stand for, as it is decoded here. */
  readonly decoded: string;
}

/**
 * The parts of a quantized weight, which follow activations that are given, and what they stand for.
 * Throws QuantizerError for what the method refuses.
 */
export async function storedLayer(
  gpu: Gpu,
  backend: QuantizerBackend,
  { layer, weight, input, isInputDrawn }: NamedWeight,
  scheme: WholeChoice,
): Promise<StoredLayer> {
  using scope = new Scope();
  using tape = new Tape(gpu);
  const given = scope.add(Tensor.from(gpu, weight));
  const made = createQuantizer(backend, scheme).quantizeWeight(tape, given, layer);
  if (!isInputDrawn) calibrate(tape, made, scope.add(Tensor.from(gpu, input)), layer);
  const parts: Record<string, HostTensor> = {};
  for (const [name, part] of Object.entries(scope.addAll(made.parts)))
    parts[name] = await part.read();
  const decoded = await decodedWeight(tape, made, layer).read();
  return { layer, shape: weight.shape, parts, decoded: await digestOf(decoded) };
}

/** The least normal number of float32, below which a device may take any for zero. */
const LEAST_NORMAL = 2 ** -126;

/**
 * SHA-256 of the floats in float32, little-endian, in their order, by which another reader of the
 * file tells whether it decodes the same weight: every zero is +0, and so is what is subnormal.
 */
async function digestOf(decoded: HostTensor): Promise<string> {
  const floats = Float32Array.from(valuesOf(decoded), (x) => (Math.abs(x) < LEAST_NORMAL ? 0 : x));
  return await sha256(new Uint8Array(floats.buffer));
}

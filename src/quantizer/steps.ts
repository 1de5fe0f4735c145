import { Tape } from '../autograd/tape.ts';
import { sha256 } from '../formats/sha256.ts';
import { seam } from '../seam.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type DeviceWeight, decodedWeight } from './coding.ts';
import type { LayerOptions } from './policy.ts';
import { createQuantizer, type QuantizerBackend } from './quantizer.ts';
import { schemeOf } from './registry.ts';

/** How a weight was kept at one stage, and what it was then. */
export interface ProvenanceStep {
  /** A method with its bits and group; `f32` for the weight that was given. */
  readonly method: string;
  readonly bits: number;
  readonly group?: number | 'channel' | 'tensor';
  /** Of the bytes of all parts, one behind the other in the order of their names. */
  readonly sha256: string;
}

/** A weight that was quantized in steps. */
export interface SteppedWeight {
  /** What the last step made; the caller owns its parts. */
  readonly weight: DeviceWeight;
  /** What it was at first, and after each step. */
  readonly provenance: readonly ProvenanceStep[];
}

/**
 * Quantizes a weight f32 [out, ...] by one method after another, each given what the one before
 * decodes to. It reads every stage back for its hash. Throws QuantizerError as a quantizer does.
 */
export async function quantizeInSteps(
  backend: QuantizerBackend,
  weight: Tensor,
  layer: string,
  steps: readonly [LayerOptions, ...LayerOptions[]],
): Promise<SteppedWeight> {
  using tape = new Tape(weight.gpu);
  const provenance: ProvenanceStep[] = [
    { method: 'f32', bits: 32, sha256: await hashOf({ weight }) },
  ];
  let made: DeviceWeight | undefined;
  try {
    for (const options of steps) {
      const given: Tensor = made ? decodedWeight(tape, made, layer) : weight;
      const next = createQuantizer(backend, options).quantizeWeight(tape, given, layer);
      free(made);
      made = next;
      const { method, choice } = schemeOf(options, weight.shape);
      const { bits, group } = choice;
      provenance.push({ method: method.name, bits, group, sha256: await hashOf(next.parts) });
    }
    return { weight: made as DeviceWeight, provenance };
  } catch (error) {
    free(made);
    throw error;
  }
}

function free(weight: DeviceWeight | undefined): void {
  for (const part of Object.values<Tensor>(weight?.parts ?? {})) part[Symbol.dispose]();
}

/** SHA-256 of parts, one behind the other in the order of their names. */
const hashOf = seam(
  'quantizer.hash_of',
  async (parts: Readonly<Record<string, Tensor>>): Promise<string> => {
    const named = Object.entries(parts).sort(([a], [b]) => (a < b ? -1 : 1));
    const read = await Promise.all(named.map(([, part]) => part.read()));
    const bytes = read.map(({ data }) => bytesOf(data));
    const all = new Uint8Array(bytes.reduce((sum, { length }) => sum + length, 0));
    let end = 0;
    for (const each of bytes) {
      all.set(each, end);
      end += each.length;
    }
    return sha256(all);
  },
);

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

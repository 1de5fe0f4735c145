import { type QuantizedOf, quantizedFile } from '../../quantizer/choosing/quantized-file.ts';
import { quantizedGguf } from '../../quantizer/choosing/quantized-gguf.ts';
import type { ChoosingOutcome } from '../choosing.ts';

const WRITERS = { safetensors: quantizedFile, gguf: quantizedGguf };

/** The kind of a file, which is what its name ends in. */
export type WeightsForm = keyof typeof WRITERS;

/**
 * The bytes, in order, of the file of weights that were quantized by one scheme, with those that it
 * refuses, or that it has no finite numbers for, as they were; undefined where it ended early or
 * none is quantized. Throws as
 * {@link quantizedFile} and {@link quantizedGguf}.
 */
export function savedWeights(
  { report, stored }: ChoosingOutcome,
  given: QuantizedOf,
  form: WeightsForm,
): readonly Uint8Array[] | undefined {
  return report.run.complete && stored.length > 0
    ? WRITERS[form](stored, given)
    : undefined;
}

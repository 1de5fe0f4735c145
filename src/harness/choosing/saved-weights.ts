import {
  type QuantizedOf,
  quantizedFile,
  requireFreeNames,
} from '../../quantizer/choosing/quantized-file.ts';
import { quantizedGguf, requireOfGguf } from '../../quantizer/choosing/quantized-gguf.ts';
import type { ChoosingOutcome } from '../choosing.ts';

const WRITERS = { safetensors: quantizedFile, gguf: quantizedGguf };

/** The kind of a file, which is what its name ends in. */
export type WeightsForm = keyof typeof WRITERS;

const CHECKS = { safetensors: requireFreeNames, gguf: requireOfGguf };

/** Throws QuantizerError or FormatError where it is known before that nothing can be saved. */
export function requireSavable(given: QuantizedOf, form: WeightsForm): void {
  CHECKS[form](given);
}

/** Whether there is something to save: all layers were measured, and some are quantized. */
export const hasWeights = ({ report, stored }: ChoosingOutcome): boolean =>
  report.run.complete && stored.length > 0;

/**
 * The bytes, in order, of the file of weights that were quantized by one scheme, with those that it
 * refuses, or that it has no finite numbers for, as they were. Throws as {@link quantizedFile} and
 * {@link quantizedGguf}.
 */
export const savedWeights = (
  { stored }: Pick<ChoosingOutcome, 'stored'>,
  given: QuantizedOf,
  form: WeightsForm,
): readonly Uint8Array[] => WRITERS[form](stored, given);

import { quantizedFile } from '../../quantizer/choosing/quantized-file.ts';
import type { ChoosingOutcome } from '../choosing.ts';

/**
 * The bytes, in order, of the file of weights that were quantized by one scheme, with those that it
 * refuses as they were; undefined where it ended early or refused all. Throws as
 * {@link quantizedFile}.
 */
export function savedWeights(
  { report, stored }: ChoosingOutcome,
  given: Parameters<typeof quantizedFile>[1],
): readonly Uint8Array[] | undefined {
  return report.run.complete && report.summary.passed > 0
    ? quantizedFile(stored, given)
    : undefined;
}

import { DEFAULT_TRAINING } from '../../train/config.ts';

/** Held-out contexts that are asked about at once, as the trainer does it. */
const HELDOUT_BATCH = 512;

/**
 * Device memory that a run will need at its peak, in bytes, from shapes; an upper estimate where
 * the text is not known yet.
 */
export async function trainingBytes(steps: number, textBytes: number | undefined): Promise<number> {
  const { forecastBytes } = await import('../../train/forecast.ts');
  const { heldoutBytes, heldoutFraction } = DEFAULT_TRAINING;
  const heldout =
    textBytes === undefined
      ? heldoutBytes
      : Math.min(heldoutBytes, Math.ceil(textBytes * heldoutFraction));
  return forecastBytes({ ...DEFAULT_TRAINING, steps }, heldout, HELDOUT_BATCH);
}

import type { Acceptance } from '../reference/record.ts';
import { seam } from '../seam.ts';

type Codes = Extract<Acceptance, { kind: 'codes' }>;

/**
 * The share of codes that have more than one right answer, which a report tells beside the verdict;
 * of a tensor of so many elements.
 */
export const bandShare = seam(
  'testing.band_share',
  ({ inBand, codes }: Pick<Codes, 'inBand' | 'codes'>, elements: number): number =>
    elements === 0 ? 0 : inBand / (codes ?? elements),
);

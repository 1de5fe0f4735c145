import type { TuningRow } from '../../gpu/tuning.ts';
import { LANES } from '../lanes.ts';

/**
 * The variants that were measured to be fastest, by what a device was found to be; the first row
 * that fits is taken, and the last rows of each op with several variants fit every adapter. Runs that
 * judge use this table alone, so that their kernels and bits do not hang on a clock.
 * docs/decisions/0051-tuning.md tells what was measured.
 */
export const CHECKED_IN: readonly TuningRow[] = [
  // Products: a processor's loads are dear, and lanes of a quad share theirs; a chip shares tiles.
  { variant: 'subgroup', lanes: 'few' },
  { variant: 'flash', ops: ['scaled_dot_product_attention'], lanes: 'few' },
  { variant: 'tiled', lanes: 'many' },
  // A processor has no time for the barriers of shared rows, and short ones have no work for lanes.
  { variant: 'row-per-workgroup', lanes: 'many', width: [LANES] },
  { variant: 'serial', ops: ['topk'], lanes: 'few', rows: [256], width: [256] },
  { variant: 'cooperative', lanes: 'many' },
  { variant: 'neighbours', ops: ['cross_entropy'], lanes: 'many' },
  // Whatever an adapter is found to be, without features as well.
  { variant: 'register' },
  { variant: 'tiled', ops: ['scaled_dot_product_attention'] },
  { variant: 'packed' },
  { variant: 'unpacked' },
  { variant: 'row-per-invocation' },
  { variant: 'rounds' },
  { variant: 'serial' },
  { variant: 'parts' },
];

import type { RecordFault } from '../record.ts';

/** Faults of the tiles of products, both ways. */
export const PRODUCT_FAULTS: readonly RecordFault[] = (['forward', 'backward'] as const).flatMap(
  (direction) => [
    fault(
      direction,
      'register',
      'matmul/register',
      'last terms dropped',
      'let fours = fours_of_terms();',
      'let fours = max(fours_of_terms(), 1u) - 1u;',
    ),
    fault(
      direction,
      'subgroup',
      'matmul/quad',
      'lanes of a quad swapped',
      'quadSwapX(x), quadSwapY(x)',
      'quadSwapY(x), quadSwapX(x)',
    ),
    fault(
      direction,
      'tiled',
      'matmul/split',
      'last terms dropped',
      'let fours = fours_of_terms();',
      'let fours = max(fours_of_terms(), 1u) - 1u;',
    ),
  ],
);

function fault(
  direction: 'forward' | 'backward',
  variant: string,
  file: string,
  name: string,
  from: string,
  to: string,
): RecordFault {
  return { name, direction, variants: [variant], integers: false, shader: { file, from, to } };
}

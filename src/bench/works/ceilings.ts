import type { CeilingOf, CeilingWork } from '../work.ts';

/** Elements of what is copied, and operations of what is computed. */
const COPIED = 2 ** 22;
const FLOPS = 2 ** 29;

/** More than the caches of a chip hold, and as much as takes it a millisecond. */
const COPIED_LARGE = 2 ** 27;
const FLOPS_LARGE = 2 ** 36;

interface Given {
  readonly flops?: number;
  readonly bytes?: number;
  readonly isLarge?: boolean;
}

function ceiling(
  of: CeilingOf,
  { flops = 0, bytes = 0, isLarge = false }: Given = {},
): CeilingWork {
  return {
    kind: 'ceiling',
    id: `bench.ceiling:${of}${isLarge ? ';size=large' : ''}`,
    group: 'ceilings',
    quick: true,
    ceiling: of,
    flops,
    bytes: { read: bytes, written: bytes },
    ...(isLarge ? { isLarge } : {}),
  };
}

/** What the device reaches at best, and what commands cost. */
export const works: readonly CeilingWork[] = [
  ceiling('multiply-adds', { flops: FLOPS }),
  ceiling('kernel-copy', { bytes: COPIED }),
  ceiling('buffer-copy', { bytes: COPIED }),
  ceiling('multiply-adds', { flops: FLOPS_LARGE, isLarge: true }),
  ceiling('kernel-copy', { bytes: COPIED_LARGE, isLarge: true }),
  ceiling('buffer-copy', { bytes: COPIED_LARGE, isLarge: true }),
  ceiling('look-ups'),
  ceiling('dispatch'),
  ceiling('pass'),
  ceiling('submit'),
  ceiling('readback'),
  ceiling('step-calls'),
];

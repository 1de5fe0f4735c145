import type { CeilingOf, CeilingWork } from '../work.ts';

/** Elements of what is copied, and operations of what is computed. */
const COPIED = 2 ** 22;
const FLOPS = 2 ** 29;

interface Given {
  readonly flops?: number;
  readonly bytes?: number;
}

function ceiling(of: CeilingOf, { flops = 0, bytes = 0 }: Given = {}): CeilingWork {
  return {
    kind: 'ceiling',
    id: `bench.ceiling:${of}`,
    group: 'ceilings',
    quick: true,
    ceiling: of,
    flops,
    bytes: { read: bytes, written: bytes },
  };
}

/** What the device reaches at best, and what commands cost. */
export const works: readonly CeilingWork[] = [
  ceiling('multiply-adds', { flops: FLOPS }),
  ceiling('kernel-copy', { bytes: COPIED }),
  ceiling('buffer-copy', { bytes: COPIED }),
  ceiling('dispatch'),
  ceiling('pass'),
  ceiling('submit'),
  ceiling('readback'),
  ceiling('step-calls'),
];

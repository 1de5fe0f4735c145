import type { RecordFault } from '../../record.ts';

const shader = {
  file: 'attention/rotary_embedding_cache',
  from: 'y[at] = x[at] * cosines',
  to: 'y[at] = 1.0 + x[at] * cosines',
};

/** Of the one kernel that turns, for both ops. */
export const ROTARY_FAULTS: readonly RecordFault[] = [
  { name: 'one added to every element', shader },
  { name: 'one added to every gradient', direction: 'backward', shader },
];

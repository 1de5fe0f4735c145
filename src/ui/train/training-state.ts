import type { TrainingEvent, TrainingOutcome } from '../../harness/training.ts';
import type { Report } from '../../report/schema.ts';
import type { TrainingPhase } from '../../train/progress.ts';

/** A point of a loss curve: after so many steps, in nats per byte. */
export interface LossPoint {
  readonly step: number;
  readonly loss: number;
}

/** A step as it was told. */
export interface TrainingPoint extends LossPoint {
  /** A step's share of the steps that were timed together; undefined where none were. */
  readonly msPerStep: number | undefined;
  /** Device memory in live tensors. */
  readonly bytes: number;
}

/** A fine-tuning run as the page shows it. */
export interface TrainingState {
  readonly phase:
    | 'idle'
    | 'starting'
    | 'running'
    | 'pausing'
    | 'paused'
    | 'stopping'
    | 'ended'
    | 'failed';
  /** Whether it measures, before the run, which kernels are fastest here. */
  readonly measures?: boolean;
  /** What the run does, and whether the rest of that can be skipped. */
  readonly doing?: TrainingPhase;
  readonly skippable?: boolean;
  readonly start?: Extract<TrainingEvent, { type: 'start' }>;
  /** One list for a whole run, which grows. */
  readonly losses: readonly TrainingPoint[];
  readonly heldout: readonly LossPoint[];
  readonly before?: string;
  readonly after?: string;
  readonly prompt?: string;
  /** The median so far. */
  readonly msPerStep?: number;
  /** The most device memory in live tensors so far. */
  readonly peakBytes?: number;
  readonly remainingMs?: number;
  /** Steps whose every number was judged, with the largest share of its bound. */
  readonly judged: readonly { readonly step: number; readonly boundUsed: number }[];
  readonly report?: Report;
  readonly files: TrainingOutcome['files'];
  readonly problem?: string;
}

/** Before a training run. */
export const UNTRAINED: TrainingState = {
  phase: 'idle',
  losses: [],
  heldout: [],
  judged: [],
  files: [],
};

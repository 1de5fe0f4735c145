import type { Happened } from '../../train/llama/progress.ts';
import type { LossMark } from '../charts/loss.ts';

/** What happened to a run beside its steps. */
export type Happening = {
  /** After so many steps. */
  readonly step: number;
  readonly at: Date;
} & HappeningOfKind;

type HappeningOfKind =
  /** `share`: what all of them took of the time since it began or went on. */
  | {
      readonly kind: 'checkpoint';
      readonly bytes: number;
      readonly ms: number;
      readonly share: number;
    }
  /** Another version may have written the checkpoint, and compute other bits. */
  | { readonly kind: 'resumed'; readonly writtenBy?: string }
  /**
   * A checkpoint could not be written; a newer one is damaged; the worker or its device is gone; or
   * the sink of the log.
   */
  | { readonly kind: 'refused' | 'leftOut' | 'lost' | 'sinkLost'; readonly message: string }
  /** Gradients were not finite, first at this place of a tensor: no update was made. */
  | {
      readonly kind: 'skipped';
      readonly place: string;
      readonly numbers: number;
      readonly lossScale?: number;
    }
  /** It went back to after `to` steps: at a smaller rate, or with smaller micro-batches. */
  | {
      readonly kind: 'nonfinite' | 'exploded';
      readonly to: number;
      readonly learningRate: number;
    }
  /** A worker of several was lost: all went back to after `to` steps. */
  | {
      readonly kind: 'workerLost';
      readonly to: number;
      readonly rank: number;
      readonly message: string;
    }
  | {
      readonly kind: 'halved';
      readonly to: number;
      readonly batchSize: number;
      readonly accumulation: number;
    };

/** What a run tells of what happened to it, as the page shows it. */
export function happeningOf(told: Happened): Happening {
  const { step } = told;
  const at = new Date(told.at);
  switch (told.type) {
    case 'restored': {
      const { writtenBy } = told;
      return { step, at, kind: 'resumed', ...(writtenBy === undefined ? {} : { writtenBy }) };
    }
    case 'checkpoint-failed':
      return { step, at, kind: 'refused', message: told.why };
    case 'lost':
      return { step, at, kind: 'lost', message: told.why };
    case 'skipped': {
      const { tensor, index, count: numbers, lossScale } = told;
      const scaled = lossScale === undefined ? {} : { lossScale };
      return {
        step,
        at,
        kind: 'skipped',
        place: `${tensor}[${index.join(', ')}]`,
        numbers,
        ...scaled,
      };
    }
    case 'rolled-back': {
      const { to, why: kind, learningRate } = told;
      return { step, at, kind, to, learningRate };
    }
    case 'rank-lost': {
      const { to, rank, why: message } = told;
      return { step, at, kind: 'workerLost', to, rank, message };
    }
    case 'halved': {
      const { to, batchSize, accumulation } = told;
      return { step, at, kind: 'halved', to, batchSize, accumulation };
    }
  }
}

const MARKED = {
  ...{ checkpoint: 'checkpoint', resumed: 'resumed', lost: 'lost', refused: 'refused' },
  ...{ skipped: 'skipped', nonfinite: 'wentBack', exploded: 'wentBack', halved: 'wentBack' },
  ...{ workerLost: 'wentBack', leftOut: undefined, sinkLost: undefined },
} as const satisfies Readonly<Record<Happening['kind'], LossMark['kind'] | undefined>>;

/** Those that the figure of losses marks, once for each step. */
export function marksOf(happened: readonly Happening[]): readonly LossMark[] {
  const marks = new Map<string, LossMark>();
  for (const { kind: of, step } of happened) {
    const kind = MARKED[of];
    if (kind) marks.set(`${kind} ${step}`, { kind, step });
  }
  return [...marks.values()];
}

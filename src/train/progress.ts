import type { StepTimes } from './step-clock.ts';

/**
 * What a run does, in this order: it makes and judges the base and samples it; takes its steps;
 * samples what it learnt; compares it with a frozen copy; and, where something is wrong, repeats and
 * examines steps to find out why.
 */
export type TrainingPhase = 'preparing' | 'learning' | 'sample' | 'frozen' | 'examining';

/** What a training run tells while it runs. Losses in nats a byte, times in milliseconds. */
export type TrainingProgress =
  | {
      readonly type: 'start';
      readonly steps: number;
      readonly textBytes: number;
      /** Values that training changes, and values that stay as they are. */
      readonly trainable: number;
      readonly frozen: number;
      /** Cross-entropy of byte frequencies alone on the held-out bytes. */
      readonly unigram: number;
      /** Device memory that the run will need at its peak, from shapes. */
      readonly bytesForecast: number;
    }
  /** From here on the run does this; the rest of it can be left out where it is `skippable`. */
  | { readonly type: 'phase'; readonly phase: TrainingPhase; readonly skippable: boolean }
  | { readonly type: 'heldout'; readonly step: number; readonly loss: number }
  | {
      readonly type: 'sample';
      readonly when: 'before' | 'after';
      readonly prompt: string;
      readonly text: string;
    }
  | ({
      readonly type: 'step';
      readonly step: number;
      readonly loss: number;
      /** Device memory in live tensors when the step was told, and the most that there was so far. */
      readonly bytes: number;
      readonly peakBytes: number;
    } & StepTimes)
  /** The run waits after that many steps, or goes on. */
  | { readonly type: 'paused' | 'resumed'; readonly step: number }
  /** A hundredth step was judged against the float64 oracle. */
  | { readonly type: 'judged'; readonly step: number; readonly boundUsed: number };

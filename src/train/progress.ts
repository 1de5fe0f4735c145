/** What a training run tells while it runs. Losses in nats a byte, times in milliseconds. */
export type TrainingProgress =
  | {
      readonly type: 'start';
      readonly steps: number;
      readonly textBytes: number;
      /** Values that training changes, and values that stay as they are. */
      readonly trainable: number;
      readonly frozen: number;
      /** Surprise of the held-out bytes to byte frequencies alone. */
      readonly unigram: number;
      /** Device memory that the run will need at its peak, from shapes. */
      readonly bytesForecast: number;
    }
  | { readonly type: 'heldout'; readonly step: number; readonly loss: number }
  | {
      readonly type: 'sample';
      readonly when: 'before' | 'after';
      readonly prompt: string;
      readonly text: string;
    }
  | {
      readonly type: 'step';
      readonly step: number;
      readonly loss: number;
      readonly msPerStep: number;
      readonly remainingMs: number;
      /** Device memory in live tensors when the step was told. */
      readonly bytes: number;
    }
  /** The run waits after that many steps, or goes on. */
  | { readonly type: 'paused' | 'resumed'; readonly step: number }
  /** A hundredth step was judged against the float64 oracle. */
  | { readonly type: 'judged'; readonly step: number; readonly boundUsed: number };

import type { LlamaProgress } from '../../train/llama/progress.ts';
import type { TrainingProgress } from '../../train/progress.ts';
import type { TrainMessage, TuneMessage } from '../worker/messages.ts';
import type { TrainingName } from './partial.ts';

/** What trainings tell that a worker makes. */
export type AnyProgress = TrainingProgress | LlamaProgress;

/** What one kind of training has otherwise than another. */
export interface TrainingKind {
  readonly job: TrainMessage | TuneMessage;
  readonly name: TrainingName;
  readonly seed: number;
  /** Longest silence of a worker that computes. Milliseconds. */
  readonly silenceMs: number;
  /** Shortest silence between two steps that counts as a hang. Default as long. Milliseconds. */
  readonly hangMs?: number;
  /** Whether it ends at once when it is cancelled, or after its step, so that what it trained is kept. */
  readonly whenCancelled: 'end' | 'finish-step';
}

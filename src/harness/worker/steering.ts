import { Gate } from '../../train/gate.ts';
import { QuestionQueue } from '../../train/llama/question-queue.ts';
import type { TrainingPhase } from '../../train/progress.ts';
import type { SteeringMessage, ToWorker } from './messages.ts';

/** What a worker's training is told while it goes on. */
export class Steering {
  /** Closed while the run is to wait. */
  readonly gate = new Gate();
  readonly skipped = new Set<TrainingPhase>();
  readonly questions = new QuestionQueue();
  #isStopped = false;

  /** Whether the run is to end after the step that it makes. */
  readonly stopped = (): boolean => this.#isStopped;

  /** Takes a message if it steers, at once; whether it did. */
  take(message: ToWorker): message is SteeringMessage {
    switch (message.type) {
      case 'pause':
        this.gate.closed = message.paused;
        return true;
      case 'skip':
        this.skipped.add(message.phase);
        return true;
      case 'stop':
        this.#isStopped = true;
        this.gate.closed = false;
        this.questions.clear();
        return true;
      case 'ask':
        this.questions.add(message.id, message.question);
        return true;
      case 'drop':
        this.questions.drop(message.id);
        return true;
      case 'close':
        this.questions.close();
        return true;
      default:
        return false;
    }
  }
}

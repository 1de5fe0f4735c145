import {
  type Happened,
  isHappened,
  type LlamaProgress,
  type RunInterruption,
} from '../train/llama/progress.ts';
import { persistently } from './runner/persistently.ts';
import type { RunnerHost } from './runner.ts';
import type { TrainingControls } from './training/conversation.ts';
import {
  heldTraining,
  type TrainingEventOf,
  type TrainingOutcome,
} from './training/held-training.ts';
import type { TrainingKind } from './training/kind.ts';
import { lossOf } from './training/surviving.ts';
import type { StartMessage, TuneCheckpoints, TuneMessage } from './worker/messages.ts';
import { tuningName } from './worker/tune-job.ts';

export type { TrainingOutcome as TuningOutcome };

/** A fine-tuning of the model of a folder. */
export interface TuningRequest extends Omit<TuneMessage, 'type'> {
  /** Rows by which variants are chosen, before those that are checked in. Default none. */
  readonly tuned?: StartMessage['tuned'];
}

/** What it emits. */
export type TuningEvent = TrainingEventOf<LlamaProgress>;

/** What a run can be told while it goes on; it answers questions where the request has `talkMs`. */
export type TuningControls = Pick<TrainingControls, 'pause' | 'questions'>;

/** Longest silence of a worker: a step of a large model on a processor takes minutes. Milliseconds. */
const SILENCE_MS = 1_800_000;

/**
 * Fine-tunes in a worker of its own and returns the report and the files. When `signal` aborts, the
 * worker ends after the step that it makes, what is trained is there and can be asked as after the
 * last step, and the report is partial; a run that has made its last step ends its talk. Where the
 * worker dies, hangs or throws within a step, or its device is lost, another goes on from the last
 * checkpoint, or begins anew where there is none yet: once, and again as often as a checkpoint was
 * made in between. It knows all that happened to the run. Throws UnusableError where there is no
 * device.
 */
export async function tune(
  host: Pick<RunnerHost, 'cases' | 'startWorker'>,
  request: TuningRequest,
  listen: (event: TuningEvent) => void,
  signal: AbortSignal,
  controls: TuningControls = {},
): Promise<TrainingOutcome> {
  const { tuned, checkpoints } = request;
  let interruption: RunInterruption | undefined;
  let happened: readonly Happened[] = [];
  let latest: number | undefined;
  let goesOn = true;
  for (;;) {
    const job = interruption && checkpoints ? goingOn(request, checkpoints, interruption) : request;
    let step = 0;
    let end: TuningEvent | undefined;
    const hear = (event: TuningEvent) => {
      if (event.type === 'checkpoint') {
        goesOn = true;
        latest = undefined;
      }
      if (event.type === 'step' || event.type === 'resumed-from') step = event.step;
      if (event.type === 'resumed-from') {
        happened = event.history.filter(isHappened);
        latest = event.step;
      }
      if (isHappened(event)) happened = [...happened, event];
      // Whether it is the end is known when it is told.
      if (event.type === 'end') end = event;
      else listen(event);
    };
    const hold = () => heldTraining(host, tuningKind(job), hear, signal, { ...controls, tuned });
    // What ended a worker may have ended what the next one needs, too.
    const outcome = await (interruption ? persistently(hold, signal) : hold());
    const why = signal.aborted ? undefined : lossOf(outcome.report);
    if (!checkpoints || !goesOn || why === undefined) {
      if (end) listen(end);
      return outcome;
    }
    const lost = { type: 'lost', step, at: new Date().toISOString(), why } as const;
    interruption = { lost, happened, latest };
    happened = [...happened, lost];
    listen(lost);
    goesOn = false;
  }
}

/** The same run, which goes on from its newest checkpoint and knows why. */
const goingOn = (
  request: TuningRequest,
  checkpoints: TuneCheckpoints,
  interruption: RunInterruption,
): TuningRequest => ({ ...request, checkpoints: { ...checkpoints, resume: true, interruption } });

/** What a fine-tuning of a folder is, for the talk with its worker and for a journal. */
export function tuningKind({ tuned: _, ...given }: TuningRequest): TrainingKind {
  const job: TuneMessage = { type: 'tune', ...given };
  return {
    job,
    name: tuningName(job),
    seed: job.config.seed,
    silenceMs: SILENCE_MS,
    hangMs: 1000 * job.config.recovery.hangSeconds,
    whenCancelled: 'finish-step',
  };
}

import { splitText } from '../data/text.ts';
import { GradproofError } from '../errors.ts';
import type { TuningRow } from '../gpu/tuning.ts';
import { buildReport } from '../report/build.ts';
import { DEFAULT_TRAINING } from '../train/config.ts';
import type { TrainingProgress } from '../train/progress.ts';
import type { TrainingSettings } from '../train/settings.ts';
import type { RunnerHost } from './runner.ts';
import type { TrainingControls } from './training/conversation.ts';
import {
  heldTraining,
  identityOf,
  type PlanHost,
  type TrainingEventOf,
  type TrainingOutcome,
} from './training/held-training.ts';
import type { TrainingKind } from './training/kind.ts';
import { trainingName } from './worker/train-job.ts';

export type { TrainingOutcome };

/** Settings of a fine-tuning run. Every default is in DEFAULT_TRAINING of src/train/config.ts. */
export interface TrainingRequest {
  /** The text to learn, as bytes; the last tenth is held out. */
  readonly text: Uint8Array<ArrayBuffer>;
  readonly steps: number;
  readonly seed: number;
  /** How parameters are updated. Default that of DEFAULT_TRAINING. */
  readonly settings?: TrainingSettings;
  /** Leave a trace of the dispatches, too. Default false. */
  readonly profile?: boolean;
  /** Rows by which variants are chosen, before those that are checked in. Default none. */
  readonly tuned?: readonly TuningRow[];
}

/** What a training run emits. */
export type TrainingEvent = TrainingEventOf<TrainingProgress>;

/** Who hears what a training run emits. */
export type TrainingListener = (event: TrainingEvent) => void;

/** Longest silence of a worker, which speaks every few steps. Milliseconds. */
const SILENCE_MS = 120_000;

/** More steps would not fit in one buffer of losses that is worth having. */
const MOST_STEPS = 1_000_000;

/** A number of steps that makes no sense. */
class StepsError extends GradproofError {
  constructor(steps: number) {
    super(
      'bad-steps',
      `the number of steps must be a whole number from 1 to ${MOST_STEPS}, not ${steps}`,
    );
  }
}

/**
 * Fine-tunes in a worker of its own and returns the report and the files. The report's one result
 * is `fail` when the loss does not fall as it must or a judged step is wrong, and `skip` when the run
 * is too short to tell. When `signal` aborts, the worker ends at once and the report is partial
 * (`complete: false`, no files). `controls` make it wait between two steps, or leave out what it
 * does after them. Throws TextTooShortError for a text under 4 KiB,
 * {@link StepsError}, and UnusableError when there is no device.
 */
export async function train(
  host: Pick<RunnerHost, 'cases' | 'startWorker'>,
  request: TrainingRequest,
  listen: TrainingListener,
  signal?: AbortSignal,
  controls?: Pick<TrainingControls, 'pause' | 'skip'>,
): Promise<TrainingOutcome> {
  const { text, tuned, ...job } = request;
  const { steps } = job;
  if (!Number.isInteger(steps) || steps < 1 || steps > MOST_STEPS) throw new StepsError(steps);
  splitText(text, DEFAULT_TRAINING.heldoutFraction);
  return await heldTraining(host, trainingKind({ text, ...job }), listen, signal, {
    ...controls,
    tuned,
  });
}

/** What a training of the byte model is, for the talk with its worker and for a journal. */
export function trainingKind({ tuned: _, ...job }: TrainingRequest): TrainingKind {
  return {
    job: { type: 'train', ...job },
    name: trainingName(job),
    seed: job.seed,
    silenceMs: SILENCE_MS,
    whenCancelled: 'end',
  };
}

/** The report of a run that was cancelled before it had a worker: no result, not complete. */
export async function untrained(
  host: PlanHost,
  { seed }: TrainingRequest,
): Promise<TrainingOutcome> {
  return { report: buildReport(await identityOf(host, { seed }), [], [], false), files: [] };
}

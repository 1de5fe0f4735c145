import type { RunListener, RunOptions } from '../../harness/events.ts';
import type { Report } from '../../harness/report/schema.ts';
import type { TrainingListener, TrainingOutcome, TrainingRequest } from '../../harness/training.ts';

/** Somewhere that cases and trainings run without a person: a headless browser or child processes of Node. */
export interface Runtime extends AsyncDisposable {
  /** Which adapter computes, and how it was found. */
  readonly adapter: string;
  run(options: RunOptions, listen: RunListener, signal: AbortSignal): Promise<Report>;
  train(request: TrainingRequest, listen: TrainingListener, signal: AbortSignal): Promise<TrainingOutcome>;
}

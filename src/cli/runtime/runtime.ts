import type { RunListener } from '../../harness/events.ts';
import type { RunRequest } from '../../harness/headless/page.ts';
import type { Report } from '../../harness/report/schema.ts';
import type { TrainingListener, TrainingOutcome, TrainingRequest } from '../../harness/training.ts';

/** Somewhere that cases and trainings run without a person: a headless browser or child processes of Node. */
export interface Runtime extends AsyncDisposable {
  /** Which adapter computes, and how it was found. */
  readonly adapter: string;
  /** Runs the selected cases, and the bundles of `replay` beside or instead of them. */
  run(request: RunRequest, listen: RunListener, signal: AbortSignal): Promise<Report>;
  train(request: TrainingRequest, listen: TrainingListener, signal: AbortSignal): Promise<TrainingOutcome>;
}

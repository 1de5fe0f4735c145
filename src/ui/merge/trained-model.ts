import type { Settings } from '../tune/settings.ts';
import type { TunedRun } from '../tune/tuned-run.ts';
import type { ChosenFolder } from '../tune/tuning-choice.ts';
import { runId, type TuningState, trainedFiles } from '../tune/tuning-state.ts';

/** What a run trained, and the model that it is merged into. */
export interface TrainedModel {
  /** The id of the run. */
  readonly run: string;
  /** The model that a person chose; absent of the project's own. */
  readonly folder?: ChosenFolder;
  readonly settings: Settings;
  /** What was trained, as it is saved. */
  readonly files: readonly File[];
  /** The digest that the model must have; absent where a browser has its very files still. */
  readonly trainedOn?: string;
}

/** What the run that is shown has trained; undefined where it left nothing. */
export function trainedIn(state: TuningState): TrainedModel | undefined {
  const { subject } = state;
  const files = trainedFiles(state);
  if (!subject || files.length === 0) return undefined;
  const { folder, settings } = subject;
  return { run: runId(subject), settings, files, ...(folder ? { folder } : {}) };
}

/** What a kept run has trained, with the model that a person chose for it, where it needs one. */
export function trainedOfKept(
  { id, settings, weights }: TunedRun,
  folder: ChosenFolder | undefined,
): TrainedModel | undefined {
  if (!weights || (weights.model && !folder)) return undefined;
  const { files, trainedOn, model } = weights;
  return { run: id, settings, files, trainedOn, ...(model && folder ? { folder } : {}) };
}

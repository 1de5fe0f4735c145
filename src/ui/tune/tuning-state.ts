import type { JsonObject } from '../../formats/strict-json.ts';
import type { LogRow } from '../../harness/tuning/log.ts';
import type { TuningOutcome } from '../../harness/tuning.ts';
import type { Report } from '../../report/schema.ts';
import type { LlamaProgress, LlamaStep } from '../../train/llama/progress.ts';
import type { WorkersChoice } from '../../train/llama/sharding-faults.ts';
import type { LossPoint } from '../train/training-state.ts';
import type { Happening } from './happening.ts';
import type { Sending } from './sent-log.ts';
import type { ChosenFolder } from './tuning-choice.ts';

/** What a run was started with, as it is shown beside its results and kept. */
export interface TuningSubject {
  readonly model: string;
  readonly data: string;
  /** The model that a person chose; absent of the project's own. */
  readonly folder?: ChosenFolder;
  /** By the names that a file of settings has. */
  readonly settings: JsonObject;
  /** Workers that train together; absent where one does by itself. */
  readonly sharding?: WorkersChoice;
  readonly startedAt: Date;
}

/**
 * Whether a run's checkpoints stay in this browser until they are deleted, or just while there is
 * room, or are none.
 */
export type Keeping = 'lasting' | 'whileThereIsRoom' | 'nothing';

/** What can be said of a run's checkpoints: none is promised before there is one. */
export function keepingSoFar({
  keeping,
  happened,
  isResumed = false,
}: Pick<TuningState, 'keeping' | 'happened' | 'isResumed'>): Keeping | 'notYet' | undefined {
  if (keeping === undefined || keeping === 'nothing') return keeping;
  const isKept =
    isResumed ||
    happened.some(({ kind, step }) => kind === 'checkpoint' || (kind === 'resumed' && step > 0));
  if (isKept) return keeping;
  return happened.some(({ kind }) => kind === 'refused') ? 'nothing' : 'notYet';
}

/** What a run is called where it is kept: when it began. */
export const runId = ({ startedAt }: Pick<TuningSubject, 'startedAt'>): string =>
  startedAt.toISOString();

/** A fine-tuning of a folder's model as the page shows it. */
export interface TuningState {
  readonly phase:
    | 'idle'
    | 'starting'
    | 'running'
    | 'pausing'
    | 'paused'
    | 'stopping'
    | 'ended'
    | 'failed';
  readonly subject?: TuningSubject;
  /** What becomes of its checkpoints. */
  readonly keeping?: Keeping;
  /** Whether it goes on from a checkpoint, or is loaded from its last. */
  readonly isResumed?: boolean;
  /** Whether it computes on a processor. */
  readonly slow?: boolean;
  /** Whether it computes on the reference, without WebGPU. */
  readonly onReference?: boolean;
  /** Whether it was ended before its last step. */
  readonly stopped?: boolean;
  readonly start?: Extract<LlamaProgress, { type: 'start' }>;
  /** One list for a whole run, which grows. */
  readonly steps: readonly LlamaStep[];
  readonly heldout: readonly LossPoint[];
  /** Of a whole run too. */
  readonly log: readonly LogRow[];
  /** Steps whose every number was judged, with the largest share of its bound. */
  readonly judged: readonly { readonly step: number; readonly boundUsed: number }[];
  /** Checkpoints, and what went otherwise than planned. */
  readonly happened: readonly Happening[];
  /** Until the last step, by the pace so far. */
  readonly remainingMs?: number;
  /** Whether the model of the run can be asked: from when it is loaded until the talk ends. */
  readonly answers: boolean;
  /** Where the log goes, if it is sent. */
  readonly sending?: Sending;
  readonly files: TuningOutcome['files'];
  /** The digest of the model that they were trained on; absent of a run without checkpoints. */
  readonly trainedOn?: string;
  /** Whether a trace was asked for; it is there when the talk ends. */
  readonly traced?: boolean;
  readonly trace?: TuningOutcome['files'][number];
  readonly report?: Report;
  readonly problem?: string;
}

/** Before a run. */
export const UNTUNED: TuningState = {
  phase: 'idle',
  steps: [],
  heldout: [],
  log: [],
  judged: [],
  happened: [],
  answers: false,
  files: [],
};

/** What a run has trained, as files. */
export const trainedFiles = ({ files }: Pick<TuningState, 'files'>): readonly File[] =>
  files.map(({ name, data }) => new File([data], name));

/** Steps that are made and asked for. */
export function stepsOf({ steps, start }: Pick<TuningState, 'steps' | 'start'>): {
  readonly done: number;
  readonly total: number;
} {
  return { done: steps.at(-1)?.step ?? 0, total: start?.steps ?? 0 };
}

/** Whether a run has begun and makes steps still, or waits between two. */
export function isGoingOn({ phase }: Pick<TuningState, 'phase'>): boolean {
  return phase !== 'idle' && phase !== 'ended' && phase !== 'failed';
}

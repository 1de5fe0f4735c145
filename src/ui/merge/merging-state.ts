/** The merged model of a run, as it was written. */
export interface WrittenModel {
  readonly files: readonly File[];
  /** The name of the folder that a person chose; absent where the files are downloads. */
  readonly folder?: string;
  /** What rounding changed, as a share of what training did; absent where nothing was merged. */
  readonly ofChange?: number;
}

/** What became of a merging. */
export type MergeOutcome =
  | { readonly kind: 'written'; readonly written: WrittenModel }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'failed'; readonly problem: string };

/** The merged model that is written, or was the last one to be. */
export interface MergingState {
  /** Idle too where a run wrote it after its last step. */
  readonly phase: 'idle' | 'saving' | 'stopping' | 'ended';
  /** The id of the run whose model it is; absent where none was. */
  readonly run?: string;
  /** Values that are written, of all; 0 of 0 before the model is loaded. */
  readonly done: number;
  readonly total: number;
  readonly outcome?: MergeOutcome;
}

/** Before any was written. */
export const UNMERGED: MergingState = { phase: 'idle', done: 0, total: 0 };

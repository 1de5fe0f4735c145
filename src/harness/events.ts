import type { OutputFile } from '../train/adapter-files.ts';
import type { CaseResult, Environment, Report, Tier } from './report/schema.ts';
import type { CaseOutcome, Closer } from './worker/messages.ts';

/** What is known of a case before it runs; readable without a GPU. */
export interface PlanEntry {
  readonly id: string;
  readonly backend: string;
  readonly suite: string;
  readonly tier: Tier;
  readonly description: string;
  /** The named fault that must turn it red. */
  readonly control: string;
}

/** What a run does, from one record that the page's address and the command line share. */
export interface RunOptions {
  readonly tier: Tier;
  /** Globs over `id`: `*` is any characters, several are or-ed, a leading `!` excludes. */
  readonly filters: readonly string[];
  /** Part `index` of `count`, by position in the plan; both from 1. */
  readonly shard: { readonly index: number; readonly count: number };
  /** Overrides every case's own time limit. Milliseconds. */
  readonly timeoutMs?: number;
  /** Ends the run at the latest, whatever happens; the default follows from the tier. Milliseconds. */
  readonly deadlineMs?: number;
  readonly retries: number;
  /** Run every passing case again with its named fault, which must turn it red. */
  readonly controls: boolean;
  readonly seed: number;
  readonly shuffle: boolean;
  /** Workers with a device each. */
  readonly workers: number;
}

/** The quick tier of everything, with the defaults of every option. */
export const DEFAULT_RUN_OPTIONS: RunOptions = {
  tier: 'quick',
  filters: [],
  shard: { index: 1, count: 1 },
  retries: 0,
  controls: false,
  seed: 42,
  shuffle: false,
  workers: 2,
};

/** A run that a hang ended; plain data, so that it survives a reload. */
export interface Unfinished {
  readonly planHash: string;
  readonly options: RunOptions;
  readonly environments: readonly Environment[];
  readonly results: readonly CaseResult[];
  /** `id backend` of the cases in flight with their attempts so far: one of them hung. */
  readonly suspects: Readonly<Record<string, number>>;
  /** Attempts of cases without a result that failed by the case's own doing. */
  readonly failures: readonly CaseResult[];
}

/** The stream that a run emits and that page, command line and reporters read. */
export type RunEvent =
  | { readonly type: 'start'; readonly environment: Environment; readonly selected: readonly PlanEntry[]; readonly planHash: string }
  /** A further environment of the run, the first one before `start`; the `env` of results counts them from 0. */
  | { readonly type: 'environment'; readonly environment: Environment }
  | { readonly type: 'case-start'; readonly id: string; readonly backend: string }
  | {
      readonly type: 'case-end';
      readonly result: CaseResult;
      /** What the result lists as artifacts and somebody may want to keep: the reproduction of a failure. */
      readonly files: readonly OutputFile[];
      /** What a report does not hold, where the host looks closer. */
      readonly closer?: Closer;
      /** What the case gave with its named fault, where the run has controls. */
      readonly control?: CaseOutcome;
      readonly done: number;
      readonly total: number;
      readonly remainingMs: number;
    }
  /** An attempt failed by the case's own doing, and the case runs again. What the attempt left to keep is let go. */
  | { readonly type: 'case-failed'; readonly failure: CaseResult }
  /** A case may hang the GPU process. Whoever can crash it does; in the page the run ends, and goes on from `unfinished` after a reload. */
  | { readonly type: 'hang'; readonly id: string; readonly unfinished?: Unfinished }
  | { readonly type: 'end'; readonly report: Report };

/** Who hears what a run emits. */
export type RunListener = (event: RunEvent) => void;

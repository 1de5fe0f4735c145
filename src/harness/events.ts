import type { CaseResult, Environment, Report, Tier } from './report/schema.ts';

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

/** The stream that a run emits and that page, command line and reporters read. */
export type RunEvent =
  | { readonly type: 'start'; readonly environment: Environment; readonly selected: readonly PlanEntry[]; readonly planHash: string }
  | { readonly type: 'case-start'; readonly id: string; readonly backend: string }
  | { readonly type: 'case-end'; readonly result: CaseResult; readonly done: number; readonly total: number; readonly remainingMs: number }
  /** A case hangs the GPU process: whoever can crash it does; in the page the person is asked to reload. */
  | { readonly type: 'hang'; readonly id: string }
  | { readonly type: 'end'; readonly report: Report };

export type RunListener = (event: RunEvent) => void;

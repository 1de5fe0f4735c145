import type { Covered } from '../catalog/ids.ts';
import type { RunOptions } from '../report/run-options.ts';
import type { CaseResult, Environment, Report } from '../report/schema.ts';
import type { Tier } from '../report/tiers.ts';
import type { OutputFile } from '../train/adapter-files.ts';
import type { CaseDetails, CaseOutcome } from './worker/messages.ts';

/** What is known of a case before it runs; readable without a GPU. */
export interface PlanEntry {
  readonly id: string;
  readonly backend: string;
  readonly suite: string;
  readonly tier: Tier;
  readonly description: string;
  /** The named fault that must turn it red. */
  readonly control: string;
  /** What it asserts of the catalog: rows, or clauses of rows. */
  readonly covers: readonly Covered[];
}

/** A run that a hang ended; plain data, so that it survives a reload. */
export interface Unfinished {
  readonly planHash: string;
  readonly options: RunOptions;
  readonly environments: readonly Environment[];
  readonly results: readonly CaseResult[];
  /** `id backend` of the cases in flight with their attempts so far: one of them hung. */
  readonly begun: Readonly<Record<string, number>>;
  /** Attempts of cases without a result that failed by the case's own doing. */
  readonly failures: readonly CaseResult[];
}

/** The stream that a run emits and that page, command line and reporters read. */
export type RunEvent =
  | {
      readonly type: 'start';
      readonly environment: Environment;
      readonly selected: readonly PlanEntry[];
      readonly planHash: string;
    }
  /**
   * A further environment of the run, the first one before `start`; the `env` of results counts
   * them from 0.
   */
  | { readonly type: 'environment'; readonly environment: Environment }
  | { readonly type: 'case-start'; readonly id: string; readonly backend: string }
  | {
      readonly type: 'case-end';
      readonly result: CaseResult;
      /**
       * What the result lists as artifacts and a person may want to keep: the reproduction of a
       * failure.
       */
      readonly files: readonly OutputFile[];
      /** What a report does not hold, where the host asks for details. */
      readonly details?: CaseDetails;
      /** SHA-256 of all that the case read back, where the host has it digested. */
      readonly readDigest?: string;
      /** What the case gave with its named fault, where the run has controls. */
      readonly control?: CaseOutcome;
      readonly done: number;
      readonly total: number;
      readonly remainingMs: number;
    }
  /**
   * An attempt failed by the case's own doing, and the case runs again. What the attempt left to
   * keep is let go.
   */
  | { readonly type: 'case-failed'; readonly failure: CaseResult }
  /**
   * A case may hang the GPU process. The host crashes it where it can; in the page the run ends,
   * and goes on from `unfinished` after a reload.
   */
  | { readonly type: 'hang'; readonly id: string; readonly unfinished?: Unfinished }
  | { readonly type: 'end'; readonly report: Report };

/** Who hears what a run emits. */
export type RunListener = (event: RunEvent) => void;

import { type Report, STATUSES, type Status } from '../schema.ts';
import type { Settings } from '../settings.ts';
import type { LinkEnvironment } from './environment.ts';

/** `not-run`: the run did not select the case, or did not reach it. */
export type LinkStatus = Status | 'not-run';

/** By their number in a link; part of the format: append only. */
export const LINK_STATUSES: readonly LinkStatus[] = ['not-run', ...STATUSES];

/** Everything that a link holds; nothing else leaves with it. */
export interface LinkPayload {
  readonly kind: Exclude<Report['kind'], 'test'>;
  readonly tool: { readonly version: string; readonly commit: string };
  readonly time: { readonly startedAt: Date; readonly durationMs: number };
  readonly settings: Settings;
  readonly environments: readonly LinkEnvironment[];
  /** SHA-256 in hex. */
  readonly planHash: string;
  /** By position in the plan. */
  readonly statuses: readonly LinkStatus[];
  /** Share of the bound that was used by each case that ran, see ACCURACY. */
  readonly accuracies: readonly (number | undefined)[];
  /** Median milliseconds of each case that ran, see SPEED; empty if none was timed. */
  readonly speeds: readonly (number | undefined)[];
  /** The environment of each case that ran; empty if there is only one. */
  readonly places: readonly number[];
  /** How many results that are in no plan have which status: replayed bundles, or a training. */
  readonly replayed: Readonly<Record<Status, number>>;
  /**
   * What the person calls the computer, since browsers hide its name; empty where nothing was
   * written.
   */
  readonly device: string;
}

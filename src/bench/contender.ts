import type { Results } from '../graph/call.ts';
import type { HostTensor } from '../tensor/host.ts';
import type { Work } from './work.ts';

/** Who is timed, as the `backend` of a result names it. */
export type ContenderName =
  | 'webgpu'
  | 'ort-webgpu'
  | 'ort-wasm'
  | 'tfjs-webgpu'
  | 'jax-webgpu'
  | 'ceiling';

/** A library, or our engine, that runs works. */
export interface Contender extends AsyncDisposable {
  readonly name: ContenderName;
  /** Of the library, as its package says; of ours, the project's. */
  readonly version: string;
  /**
   * The library's documented settings for a work, best known first: each is tried, and the fastest
   * is timed. None: it cannot do the work, for the reason.
   */
  settingsFor(work: Work): readonly string[] | { readonly reason: string };
  /** Uploads the work and compiles what it needs, in one setting. */
  prepare(work: Work, setting: string): Promise<PreparedWork>;
}

/** A work on a contender's device, ready to run any number of times. */
export interface PreparedWork extends AsyncDisposable {
  /**
   * Runs it `times` times, one after another, and resolves when the device has done all of them.
   * Nothing is read back.
   */
  run(times: number): Promise<void>;
  /**
   * The same by the loop that the library's own documentation shows, where that is another; its
   * time stands beside.
   */
  runDocumented?(times: number): Promise<void>;
  /** What an op gives, in float32; of a step the losses of its first three runs as `loss`. */
  results(): Promise<Results<HostTensor>>;
  /**
   * Why its results are held to a coarser bound, where the library documents that its setting
   * computes so.
   */
  readonly coarser?: { readonly relative: number; readonly source: string };
  /** What the contender tells of itself: kernels dispatched, commands, bytes on its ledger. */
  readonly metrics?: () => Readonly<Record<string, number>>;
  readonly kernels?: () => readonly string[];
}

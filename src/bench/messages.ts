import type { Report } from '../report/schema.ts';
import type { BenchEvent } from './host.ts';
import type { BenchOptions } from './options.ts';

/** What whoever shows a bench tells the realm that it runs in. */
export type ToBench =
  | {
      readonly type: 'start';
      readonly options: BenchOptions;
      /** Peers that are to be loaded, each with the files that it needs. */
      readonly peers: readonly PeerFiles[];
    }
  | { readonly type: 'cancel' };

/** A library beside the engine, as it is served. */
export interface PeerFiles {
  /** Its name in `--peers`. */
  readonly name: string;
  /** Address of its module. */
  readonly module: string;
  /** Files that it cannot fetch by itself, by name. */
  readonly assets: Readonly<Record<string, ArrayBuffer>>;
}

/** What the realm answers. */
export type FromBench =
  | { readonly type: 'event'; readonly event: BenchEvent }
  | { readonly type: 'done'; readonly report: Report }
  | {
      readonly type: 'failed';
      /** Whether there is no adapter. */
      readonly unusable: boolean;
      readonly code: string;
      readonly message: string;
    };

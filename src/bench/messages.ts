import type { Outcome } from '../harness/headless/outcome.ts';
import type { Cell } from '../quantizer/matrix/cell.ts';
import type { Report } from '../report/schema.ts';
import type { BenchEvent } from './host.ts';
import type { ForeignOutcome } from './matrix/request.ts';
import type { BenchOptions } from './options.ts';

/** What the party that shows a bench tells the realm that it runs in. */
export type ToBench =
  | {
      readonly type: 'start';
      readonly options: BenchOptions;
      /** Peers that are to be loaded, each with the files that it needs. */
      readonly peers: readonly PeerFiles[];
    }
  | {
      readonly type: 'matrix';
      readonly methods: readonly string[];
      readonly seed: number;
      readonly peers: readonly PeerFiles[];
    }
  | { readonly type: 'cancel' };

/** A library beside the engine, as it is served. */
export interface PeerFiles {
  /** Its name in `--peers`. */
  readonly name: string;
  /** Address of the folder with its module, `name`.js. */
  readonly folder: string;
  /** Files that it cannot fetch by itself, by name. */
  readonly assets: Readonly<Record<string, ArrayBuffer>>;
}

/** What the realm answers. */
export type FromBench =
  | { readonly type: 'ready' }
  | { readonly type: 'event'; readonly event: BenchEvent }
  | { readonly type: 'ended'; readonly outcome: Outcome<Report> }
  | { readonly type: 'cell'; readonly cell: Cell }
  | { readonly type: 'matrix-ended'; readonly outcome: Outcome<ForeignOutcome> };

import { parse, stringify } from 'devalue';
import type { RunEvent } from '../events.ts';
import type { TrainingEventOf } from '../training/held-training.ts';
import type { AnyProgress } from '../training/kind.ts';
import type { TuningRequest } from '../tuning.ts';
import type { Death, FromWorker, ToWorker } from '../worker/messages.ts';
import type { FilePart } from './file-parts.ts';

/** What a worker in another browser says, or that it is no more. */
export type Heard =
  | { readonly type: 'message'; readonly message: FromWorker }
  | { readonly type: 'death'; readonly death: Death };

/** What the headless page tells the process that drives its browser. */
export type ToDriver =
  | { readonly type: 'run'; readonly event: RunEvent }
  | { readonly type: 'training'; readonly event: TrainingEventOf<AnyProgress> }
  /** A part of what a training saved; the event that says so follows, without files. */
  | { readonly type: 'file'; readonly part: FilePart }
  /** Gives a message to worker `id` in a browser of its own, started with the first. */
  | { readonly type: 'post'; readonly id: number; readonly message: ToWorker }
  /** Ends that worker with its browser. */
  | { readonly type: 'end'; readonly id: number }
  /** What this page's worker says to a runner in another browser. */
  | { readonly type: 'heard'; readonly heard: Heard };

/** What that process tells the page. */
export type ToPage =
  /** What worker `id` in another browser says. */
  | { readonly type: 'hear'; readonly id: number; readonly heard: Heard }
  /** For this page's worker, whose runner is in another browser; started with the first. */
  | { readonly type: 'work'; readonly message: ToWorker };

/** The name of the page's function that takes a text for the driving process. */
export const TELL_DRIVER = 'gradproofTellDriver';

/** What is said as a text; numbers that JSON lacks, maps and bytes are kept. */
export const textOf = (said: ToDriver | ToPage | TuningRequest): string => stringify(said);

/** What {@link textOf} made a text of. */
export const messageIn = <T extends ToDriver | ToPage | TuningRequest>(text: string): T =>
  parse(text) as T;

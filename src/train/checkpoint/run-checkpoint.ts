import type { JsonObject } from '../../formats/strict-json.ts';
import type { TuningRow } from '../../gpu/tuning.ts';
import type { Shape } from '../../tensor/shape.ts';
import type { LlamaMilestone } from '../llama/progress.ts';
import type { LoopState } from '../loop/training-loop.ts';
import type { RunWorkers } from '../sharded/strategies.ts';

/** What a run is of: it goes on from a checkpoint of the same alone. */
export interface RunSubject {
  /** SHA-256 over config.json and the files of weights. */
  readonly model: string;
  /** SHA-256 over the tokens of all texts, and which of them are asked. */
  readonly data: string;
  /**
   * SHA-256 over the values of the adapter, blocks or weights that it began with, where there were any;
   * an earlier build told none.
   */
  readonly saved?: string | undefined;
  /** The configuration as JSON has it, without the place of the data. */
  readonly config: JsonObject;
}

/** A held-out loss, and after which step it was. Nats a token. */
export interface HeldoutAt {
  readonly step: number;
  readonly loss: number;
}

/** All that a run needs to go on after `state.step` steps with the same bits. */
export interface RunCheckpoint {
  readonly state: LoopState;
  /** Steps of the whole run. */
  readonly steps: number;
  readonly subject: RunSubject;
  /** Where each parameter lies in the tensor `param`, in floats from its start. */
  readonly parameters: Readonly<Record<string, { readonly shape: Shape; readonly offset: number }>>;
  /**
   * All rows by which variants of ops are chosen. An earlier build left out those that were checked in:
   * then this one's follow.
   */
  readonly tuned: readonly TuningRow[];
  /** The engine that wrote it. */
  readonly engine: string;
  /** Who made its last step; an earlier build did not tell. */
  readonly madeBy?: RunWorkers | undefined;
  /** When it was written, in UTC as `Date.toISOString` gives it. */
  readonly writtenAt: string;
  /** What the run told so far. */
  readonly history: readonly LlamaMilestone[];
  /** The smallest held-out loss of those that were measured at a checkpoint. */
  readonly best?: HeldoutAt | undefined;
}

const NAME = /^step-(\d{8,})\.safetensors$/;

/** The file of a checkpoint after so many steps. */
export const checkpointName = (step: number): string =>
  `step-${String(step).padStart(8, '0')}.safetensors`;

/** After how many steps the checkpoint of a file is; undefined of another file. */
export function stepOfName(name: string): number | undefined {
  const [, digits] = NAME.exec(name) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

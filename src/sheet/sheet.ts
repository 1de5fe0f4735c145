import { type Architecture, parametersOf } from '../formats/hugging-face/architecture.ts';
import { type Needs, needsOf, refusalOf } from './needs.ts';
import { PRESETS } from './presets.ts';
import { type MemoryFacts, type Room, roomFor, type Split, splitsOf } from './room.ts';
import type { Setup } from './setup.ts';
import type { Speed } from './speed.ts';

/** One model of the sheet. */
export interface SheetRow {
  /** Of a published model; undefined of the one that a person brought. */
  readonly name?: string;
  readonly parameters: number;
  /** Tokens that the model is made for. */
  readonly context: number;
  /** Why the method does not take it; all that follows is absent then. */
  readonly refusal?: string;
  readonly needs?: Needs;
  readonly room?: Room;
  readonly splits?: readonly Split[];
  /**
   * How long the examples take, at the fastest and the slowest speed that was measured; absent
   * where none was.
   */
  readonly seconds?: readonly [from: number, to: number];
}

/** What is known here. */
export interface Here {
  readonly memory: MemoryFacts;
  readonly speed?: Speed | undefined;
}

/**
 * The sheet: the model that a person brought first, then the published ones, smallest first. Throws
 * QuantizerError for a method that is not there.
 */
export function sheetOf(setup: Setup, here: Here, own?: Architecture): readonly SheetRow[] {
  return [
    ...(own ? [rowOf(own, setup, here)] : []),
    ...PRESETS.map(({ name, architecture }) => ({ name, ...rowOf(architecture, setup, here) })),
  ];
}

function rowOf(model: Architecture, setup: Setup, { memory, speed }: Here): SheetRow {
  const { context } = model;
  const parameters = parametersOf(model);
  const refusal = refusalOf(model, setup);
  if (refusal !== undefined) return { parameters, context, refusal };
  const needs = needsOf(model, setup);
  const flops = setup.examples * needs.flopsOfExample;
  return {
    ...{ parameters, context, needs },
    room: roomFor(needs.total, memory),
    splits: splitsOf(needs, memory),
    ...(speed ? { seconds: [flops / speed.fastest, flops / speed.slowest] as const } : {}),
  };
}

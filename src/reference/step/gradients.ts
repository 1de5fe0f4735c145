import { mapped } from '../../graph/call.ts';
import type { Graph, ValueId } from '../../graph/graph.ts';
import { run as runGraph } from '../../graph/run.ts';
import { isAsked } from '../../vocabulary/nn/loss.ts';
import {
  backwardByCall,
  type DifferentiableRunner,
  type GraphValues,
  pausing,
} from '../backward.ts';
import type { Value, Values } from '../record.ts';
import { single } from '../values.ts';
import { atPosition } from './random.ts';

/** A graph that gives `loss`, the mean over the labels that ask something. */
export interface Network {
  readonly graph: Graph;
  /** Of the graph's constants, those that stay. */
  readonly constants: Values;
  /**
   * Those that each micro-batch moves, running statistics, before the first step: the graph gives
   * them anew under their names.
   */
  readonly statistics?: Values | undefined;
  /** Whether the loss of a position is that of the label after it. */
  readonly shift?: boolean;
  /** Graph and constants for a micro-batch, where they are not all of the shapes of `graph`. */
  readonly shapedAs?: (given: Values) => Pick<Network, 'graph' | 'constants'>;
}

/** Forward and backward over the micro-batches of a step. */
export interface Passes {
  readonly loss: number;
  readonly gradients: Values;
  /** Of the first micro-batch. */
  readonly values: GraphValues;
  /** Running statistics behind the last micro-batch. */
  readonly statistics: Values;
  /** Where the random numbers of the next step begin. */
  readonly position: number;
}

/** What is done with the parts of a batch. A wrong way to do it is another of these. */
export interface Accumulation {
  /** The weight of each part, of so many labels that ask something. */
  readonly shares: (asked: readonly number[]) => readonly number[];
  /** Where the random numbers of part `part` begin, of parts that take so many each. */
  readonly positionOf: (start: number, spans: readonly number[], part: number) => number;
}

/**
 * The mean over all labels, as transformers has it: each part's own mean weighs as its labels do.
 * Parts draw one behind the other.
 */
export const ACCUMULATION: Accumulation = {
  shares: (asked) => asked.map((count) => count / asked.reduce((sum, x) => sum + x, 0)),
  positionOf: (start, spans, part) => spans.slice(0, part).reduce((sum, span) => sum + span, start),
};

/** The mean of the micro-batches' means, whatever each of them asks. */
export const MEAN_OF_BATCHES: Accumulation = {
  ...ACCUMULATION,
  shares: (asked) => asked.map(() => 1 / asked.length),
};

/**
 * Loss and gradients of `parts`, one micro-batch after the other, with gradients of `scale` times
 * the loss.
 */
export async function gradientsOf(
  network: Network,
  trained: Values,
  parts: readonly Values[],
  {
    scale,
    position,
    statistics = {},
    accumulation = ACCUMULATION,
  }: {
    readonly scale: number;
    readonly position: number;
    readonly statistics?: Values | undefined;
    readonly accumulation?: Accumulation | undefined;
  },
  runner: DifferentiableRunner,
): Promise<Passes> {
  const { shift = false, shapedAs = () => network } = network;
  const networks = parts.map(shapedAs);
  const shares = accumulation.shares(parts.map(({ labels }) => askedOf(labels as Value, shift)));
  const spans = networks.map(({ graph }) => atPosition(graph, 0).end);
  let loss = 0;
  let gradients: Values | undefined;
  let running = statistics;
  let first: GraphValues | undefined;
  for (const [part, given] of parts.entries()) {
    const share = shares[part] as number;
    const { graph, constants } = networks[part] as Network;
    const { graph: drawn } = atPosition(graph, accumulation.positionOf(position, spans, part));
    const { loss: root } = graph.outputs as { readonly loss: ValueId };
    const state = { ...constants, ...running, ...trained };
    const values = await runGraph(drawn, pausing(runner), { ...state, ...given });
    running = mapped(running, (_, name) => values.get(graph.outputs[name] as ValueId) as Value);
    const seeds = new Map([[root, single(scale * share)]]);
    const back = backwardByCall(drawn, values, seeds, runner);
    let at = back.next();
    for (; !at.done; at = back.next()) await runner.pause?.();
    const flow = at.value;
    const own = mapped(
      trained,
      (value, name) => flow.get(graph.constants[name] as ValueId) ?? zerosLike(value),
    );
    first ??= values;
    const before = gradients;
    gradients = before
      ? mapped(own, ({ shape, data }, name) => ({
          shape,
          data: data.map((g, i) => runner.add(before[name]?.data[i] as number, g)),
        }))
      : own;
    // The mean over no labels is no number, and counts for nothing.
    if (share !== 0) loss += share * (values.get(root)?.data[0] as number);
  }
  return {
    loss,
    gradients: gradients as Values,
    values: first as GraphValues,
    statistics: running,
    position: accumulation.positionOf(position, spans, parts.length),
  };
}

/** Labels that ask something; with `shift` the first of a sequence is no one's. */
function askedOf({ shape, data }: Value, shift: boolean): number {
  const length = shape.at(-1) as number;
  return data.filter((label, i) => isAsked(label) && !(shift && i % length === 0)).length;
}

function zerosLike({ shape, data }: Value): Value {
  return { shape, data: new Float64Array(data.length) };
}

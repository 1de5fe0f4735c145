import { IN_ANY_ORDER } from '../../bounds.ts';
import type { Foreseen, Range, Steps } from '../../foreseen.ts';
import type { Value } from '../../record.ts';
import { type Grouping, type Inputs, layoutOf, part, rowsOf, spread } from './channels.ts';
import {
  channelSlopes,
  foldedChannel,
  type StoredRow,
  SUMS,
  storedAlong,
  storedChannel,
  storedRow,
  storedSlopes,
} from './stored-row.ts';

/** By torch's group_norm, from statistics as they are stored. */
export function groupsForeseen(
  steps: Steps,
  inputs: Inputs,
  grouping: Grouping,
  dy: Value,
): Readonly<Record<string, readonly Foreseen[]>> {
  const { x } = inputs;
  const { width, channelOf } = layoutOf(x.shape, grouping.groups);
  const along = Array.from({ length: x.shape[1] as number }, (): Range[] => []);
  const slopes = rowsOf(inputs, grouping, IN_ANY_ORDER).flatMap((row, i) => {
    const kept = storedRow(steps, row);
    const flow = part(dy.data, i, width);
    const channels = new Map<number, Map<number, number>>();
    flow.forEach((d, c) => {
      const channel = channelOf(i * width + c);
      channels.set(channel, (channels.get(channel) ?? new Map()).set(c, d));
    });
    for (const [channel, own] of channels) along[channel]?.push(storedAlong(steps, kept, own));
    return storedSlopes(steps, kept, spread(inputs, grouping.groups, i).weight, flow);
  });
  return { x: [slopes], weight: [along.map((terms) => steps.stored(steps.sum(terms)))] };
}

/** By torch's instance_norm: as batch_norm of each channel of each sample, whose sums are stored. */
export function instancesForeseen(
  steps: Steps,
  inputs: Inputs,
  grouping: Grouping,
  dy: Value | undefined,
): Readonly<Record<string, readonly Foreseen[]>> {
  const { groups } = grouping;
  const { width } = layoutOf(inputs.x.shape, groups);
  const of = (value: Value | undefined, row: number) => value?.data[row % groups];
  const weight = (row: number) => of(inputs.weight, row) ?? 1;
  const eps = Math.fround(grouping.eps);
  const own = rowsOf(inputs, grouping, IN_ANY_ORDER);
  const ways = SUMS.map((sums) => own.map((row) => storedChannel(steps, row, eps, sums)));
  if (!dy) {
    const folded = (row: StoredRow, i: number) =>
      foldedChannel(steps, row, weight(i), of(inputs.bias, i) ?? 0);
    return { y: ways.map((rows) => rows.flatMap(folded)) };
  }
  const flow = (row: number) => [...part(dy.data, row, width)];
  const found = ways.map((rows) =>
    rows.map((row, i) => channelSlopes(steps, row, weight(i), flow(i))),
  );
  // Each channel's sum over the samples of what is stored of each.
  const total = (terms: readonly Range[]) =>
    Array.from({ length: groups }, (_, channel) =>
      steps.stored(steps.sum(terms.filter((_, i) => i % groups === channel))),
    );
  const bias = own.map((_, i) => steps.stored(steps.sum(flow(i).map(steps.exactly))));
  return {
    x: found.map((rows) => rows.flatMap(({ x }) => x)),
    weight: found.map((rows) => total(rows.map((row) => row.weight))),
    bias: [total(bias)],
  };
}

import { IN_ANY_ORDER } from '../bounds.ts';
import type { Foreseen, Range, Steps } from '../foreseen.ts';
import type { Value } from '../record.ts';
import {
  channelsOf,
  elementsOf,
  type Inputs,
  type Params,
  spreadOut,
} from './batch_norm.channels.ts';
import type { Row } from './norm/row.ts';
import {
  channelSlopes,
  foldedChannel,
  type StoredChannel,
  SUMS,
  storedChannel,
} from './norm/stored-row.ts';

/** By torch from statistics of the batch as they are stored; averages move to those before that. */
export function foreseenOfBatch(
  steps: Steps,
  inputs: Inputs,
  params: Params,
  dy: Value | undefined,
): Readonly<Record<string, readonly Foreseen[]>> {
  const { stored, exactly, add, mul, either } = steps;
  const shape = inputs.x.shape;
  const own = channelsOf(inputs, params, IN_ANY_ORDER) as readonly Row[];
  const ways = SUMS.map((sums) =>
    own.map((row) => storedChannel(steps, row, Math.fround(params.eps), sums)),
  );
  const weight = (c: number) => inputs.weight.data[c] as number;
  if (dy) {
    const found = ways.map((rows) =>
      rows.map((row, c) => {
        const flow = elementsOf(shape, c).map((i) => dy.data[i] as number);
        return channelSlopes(steps, row, weight(c), flow);
      }),
    );
    return {
      x: found.map((rows) =>
        spreadOut(
          inputs.x,
          rows.map(({ x }) => x),
        ),
      ),
      weight: found.map((rows) => rows.map((row) => row.weight)),
    };
  }
  const length = inputs.x.data.length / own.length;
  const factor = params.running_var_unbiased ? length / (length - 1) : 1;
  const average = ({ data }: Value, of: (row: StoredChannel) => Range) =>
    ways.map((rows) =>
      rows.map((row, c) => {
        const kept = mul(exactly(1 - params.momentum), exactly(data[c] as number));
        return stored(add(kept, mul(exactly(params.momentum), of(row))));
      }),
    );
  const folded = (row: StoredChannel, c: number) =>
    foldedChannel(steps, row, weight(c), inputs.bias.data[c] as number);
  return {
    y: ways.map((rows) => spreadOut(inputs.x, rows.map(folded))),
    running_mean: average(inputs.running_mean, ({ mean }) => mean),
    running_var: average(inputs.running_var, ({ variance }) => {
      const unbiased = mul(exactly(factor), variance);
      return either(unbiased, stored(unbiased));
    }),
  };
}

import type { Deviation } from '../../vocabulary/math/deviation.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { IN_ANY_ORDER } from '../bounds.ts';
import type { Foreseen, Range, Steps } from '../foreseen.ts';
import { spreadOf } from '../nn/norm/row.ts';
import type { Value } from '../record.ts';
import { around } from '../steps.ts';
import { groupsOf } from './reduction.ts';

type Params = ParamsOf<Deviation>;

/** Terms that are reduced together. */
interface Group {
  readonly x: readonly number[];
  readonly divisor: number;
  readonly root: boolean;
}

const isNone = ({ low, high }: Range): boolean => low === 0 && high === 0;

/**
 * torch.var's and torch.std's gradient: (2 / (n - c)) dy (x - mean), of the root with dy over 2 y, 0
 * where y is.
 */
function slopes(steps: Steps, { x, divisor, root }: Group, dy: number): Range[] {
  const { stored, exactly, mul, div, sub, sum } = steps;
  const mean = stored(div(sum(x.map(exactly)), exactly(x.length)));
  const slope = mul(exactly(Math.fround(2 / divisor)), flowOf(steps, { x, divisor, root }, dy));
  return x.map((value) => stored(mul(stored(slope), stored(sub(exactly(value), mean)))));
}

/** What flows to the variance. */
function flowOf(steps: Steps, { x, divisor, root }: Group, dy: number): Range {
  const { stored, exactly, mul, div } = steps;
  const flow = exactly(dy);
  if (!root) return flow;
  const spread = spreadOf(Float64Array.from(x), IN_ANY_ORDER);
  const scale = x.length / divisor;
  const y = stored(steps.root(around(spread.variance * scale, spread.varianceError * scale)));
  return isNone(y) ? exactly(0) : stored(div(flow, stored(mul(exactly(2), y))));
}

/** What torch.masked makes of them on the way, multiplied out. */
interface Masked {
  readonly away: readonly Range[];
  /** n - c. */
  readonly divisor: Range;
  readonly y: Range;
}

function masked(steps: Steps, { x, divisor, root }: Group): Masked {
  const { stored, exactly, mul, div, sub, sum } = steps;
  const count = exactly(x.length);
  const mean = stored(div(stored(sum(x.map(exactly))), count));
  const away = x.map((value) => stored(sub(exactly(value), mean)));
  const squares = stored(sum(away.map((each) => stored(mul(each, each)))));
  const correction = exactly(x.length - divisor);
  const over = isNone(correction) ? count : stored(sub(stored(count), correction));
  const variance = stored(div(squares, over));
  return { away, divisor: over, y: root ? stored(steps.root(variance)) : variance };
}

/** Its gradient: of x twice, and of x through the mean. */
function maskedSlopes(steps: Steps, group: Group, dy: number): Range[] {
  const { stored, exactly, add, mul, div, neg, sum } = steps;
  const { away, divisor, y } = masked(steps, group);
  const flow = group.root ? stored(div(exactly(dy), stored(mul(exactly(2), y)))) : exactly(dy);
  const each = stored(div(flow, divisor));
  const own = away.map((distance) => {
    const product = stored(mul(each, distance));
    return stored(add(product, product));
  });
  const through = stored(div(stored(sum(own.map(neg))), exactly(group.x.length)));
  return own.map((slope) => stored(add(slope, through)));
}

/** What torch.var, torch.std and those of torch.masked give, step by step. */
export function foreseenDeviation(
  steps: Steps,
  x: Value,
  params: Params,
  root: boolean,
  dy: Value | undefined,
): Readonly<Record<string, readonly Foreseen[]>> {
  const { terms } = groupsOf(x.shape, params);
  const groups = terms.map(
    (indices): Group => ({
      x: indices.map((i) => x.data[i] as number),
      divisor: indices.length - params.correction,
      root,
    }),
  );
  if (!dy) return { y: [groups.map((group) => masked(steps, group).y)] };
  const spreadOut = (slopesOf: typeof slopes): Foreseen => {
    const found: Range[] = [];
    groups.forEach((group, element) => {
      slopesOf(steps, group, dy.data[element] as number).forEach((slope, i) => {
        found[terms[element]?.[i] as number] = slope;
      });
    });
    return found;
  };
  return { x: [spreadOut(slopes), spreadOut(maskedSlopes)] };
}

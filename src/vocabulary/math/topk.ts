import * as v from 'valibot';
import { SignatureError } from '../error.ts';
import { asOperands } from '../promotion.ts';
import {
  count,
  detached,
  index,
  integer,
  type Known,
  numeric,
  on,
  ordered,
  stored,
} from '../rules.ts';
import { axisIn } from '../shapes.ts';
import { signature } from '../signature.ts';

const params = v.strictObject({
  /** How many elements of each row are taken. */
  k: count,
  /** Dimension along which rows lie; negative ones count from the last. */
  axis: v.optional(integer, -1),
  /** Whether the largest are taken, or the smallest. */
  largest: on,
  /** Whether they have to be in order; ours are in any case. */
  sorted: on,
});

type Params = v.InferOutput<typeof params>;

const taken = ({ shape, params: { k, axis } }: Known<Params>) => {
  const x = shape('x');
  const at = axisIn(axis, x);
  const terms = x[at] as number;
  if (k > terms) throw new SignatureError(`${k} elements are more than the ${terms} of a row`);
  return x.with(at, k);
};

const places = ({ shape, params: { axis } }: Known<Params>) => ({
  low: 0,
  high: (shape('x')[axisIn(axis, shape('x'))] as number) - 1,
});

/** torch.topk: the largest or the smallest elements along an axis, and where they are. */
export const topk = signature({ family: 'math', name: 'topk' }, params, {
  inputs: { x: ordered(numeric('[*x]')) },
  outputs: {
    values: stored(numeric(taken), asOperands),
    indices: detached(index(taken, places)),
  },
  gradients: ['x'],
});

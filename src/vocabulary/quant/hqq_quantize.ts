import * as v from 'valibot';
import type { Shape } from '../../tensor/shape.ts';
import { codes, float, type Known, positive, size } from '../rules.ts';
import { exactly } from '../shapes.ts';
import { signature } from '../signature.ts';

const hqq = v.strictObject({
  nbits: v.optional(v.picklist([8, 6, 5, 4, 3, 2, 1.58, 1]), 4),
  axis: v.optional(v.picklist([0, 1]), 0),
  group_size: v.optional(size, 64),
  optimize: v.optional(v.boolean(), true),
  round_zero: v.optional(v.boolean(), false),
  lp_norm: v.optional(positive, 0.7),
  beta: v.optional(positive, 10),
  kappa: v.optional(positive, 1.01),
  iters: v.optional(size, 20),
  packing: v.optional(v.string()),
});
type Params = v.InferOutput<typeof hqq>;

/** Rows of the packed matrix for each row of codes that goes into one. */
const HQQ_ROWS_PER_WORD: Readonly<Record<Params['nbits'], number>> = {
  8: 1,
  6: 1,
  5: 1,
  4: 2,
  3: 10,
  2: 4,
  1.58: 4,
  1: 8,
};

/** The matrix of groups: a group is a row (axis 1) or a column (axis 0). */
function hqqGroups({ size: n, params }: Known<Params>): [number, number] {
  const groups = exactly(n('w'), params.group_size, 'the number of weights');
  return params.axis === 1 ? [groups, params.group_size] : [params.group_size, groups];
}

function hqqScale(known: Known<Params>): Shape {
  const [rows, columns] = hqqGroups(known);
  return known.params.axis === 1 ? [rows, 1] : [1, columns];
}

function hqqPacked(known: Known<Params>): Shape {
  const [rows, columns] = hqqGroups(known);
  return [Math.ceil(rows / HQQ_ROWS_PER_WORD[known.params.nbits]), columns];
}

/** HQQ's half-quadratic quantization. */
export const hqqQuantize = signature({ family: 'quant', name: 'hqq_quantize' }, hqq, {
  inputs: { weight: float('[*w]') },
  outputs: {
    packed: { dtypes: ['U8', 'I32'], native: ['u8', 'i32'], shape: hqqPacked },
    unpacked: codes(hqqGroups),
    scale: float(hqqScale),
    zero: float(hqqScale),
    dequant: float('[*w]'),
  },
});

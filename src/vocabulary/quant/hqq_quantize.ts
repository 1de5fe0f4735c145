import * as v from 'valibot';
import type { Shape } from '../../tensor/shape.ts';
import { codes, float, type Known, onlyWhen, positive, size } from '../rules.ts';
import { exactly } from '../shapes.ts';
import { signature } from '../signature.ts';

/** Bits of a code; 1.58 stand for three values. */
export const nbits = v.optional(v.picklist([8, 6, 5, 4, 3, 2, 1.58, 1]), 4);
export type HqqBits = v.InferOutput<typeof nbits>;

const hqq = v.strictObject({
  nbits,
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

/** How codes lie in the words of a packed matrix, one of each of `rows` slices of the rows. */
export interface HqqWords {
  /** HQQ's name for it. */
  readonly packing: string;
  readonly dtype: 'u8' | 'i32';
  /** Codes in a word, that of the first slice in the highest bits. */
  readonly rows: number;
  /** Bits of each. */
  readonly bits: number;
}

const BYTE: HqqWords = { packing: '8bit_u8', dtype: 'u8', rows: 1, bits: 8 };
const FOURTHS: HqqWords = { packing: '2bit_u8', dtype: 'u8', rows: 4, bits: 2 };

/** By `nbits`. */
export const HQQ_WORDS: Readonly<Record<HqqBits, HqqWords>> = {
  8: BYTE,
  6: BYTE,
  5: BYTE,
  4: { packing: '4bit_u8', dtype: 'u8', rows: 2, bits: 4 },
  3: { packing: '3bit_32', dtype: 'i32', rows: 10, bits: 3 },
  2: FOURTHS,
  1.58: FOURTHS,
  1: { packing: '1bit_u8', dtype: 'u8', rows: 8, bits: 1 },
};

/** The largest code: of 1.58 bits, which stand for three values, 2. */
export const hqqTop = ({ nbits: bits }: Pick<Params, 'nbits'>): number => Math.round(2 ** bits - 1);

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
  return [Math.ceil(rows / HQQ_WORDS[known.params.nbits].rows), columns];
}

/** HQQ's half-quadratic quantization. */
export const hqqQuantize = signature({ family: 'quant', name: 'hqq_quantize' }, hqq, {
  inputs: { weight: float('[*w]') },
  outputs: {
    packed: {
      dtypes: ['U8', 'I32'],
      native: ['u8', 'i32'],
      shape: hqqPacked,
      storedAs: (_, p) => [HQQ_WORDS[p.nbits].dtype === 'i32' ? 'I32' : 'U8'],
    },
    unpacked: codes(hqqGroups),
    scale: float(hqqScale),
    zero: float(hqqScale),
    dequant: float('[*w]'),
  },
  // What the solver's last pass began with: its zero follows from that one alone.
  saved: { previous_zero: onlyWhen(({ optimize }: Params) => optimize, float(hqqScale)) },
});

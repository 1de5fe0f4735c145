import * as v from 'valibot';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { codes, float, type Known, off, onlyWhen, positive, size } from '../rules.ts';
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
  /** Whether the zeros are quantized in turn, all of them by one scale, and decoded from that. */
  quant_zero: off,
  /** Whether the scales are, in groups of 128. */
  quant_scale: off,
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

/** Scales that are quantized by one scale and zero. */
export const HQQ_SCALES = 128;

/**
 * How HQQ quantizes so many scales or zeros again: in 8 bits without the solver, all zeros as one
 * group (its `channel_wise` is false), scales in groups of 128.
 */
export function hqqMetaParams(of: 'scale' | 'zero', count: number): Params {
  const groups =
    of === 'zero' ? { axis: 1, group_size: count } : { axis: 0, group_size: HQQ_SCALES };
  const given = { ...groups, nbits: 8, optimize: false };
  return v.parse(hqq, given);
}

/** Codes of 8 bits of scales, which stand as the matrix of their groups, or of zeros. */
const scaleCodes = codes<Params>((known) => hqqGroups(metaOf('scale', known)));
const zeroCodes = codes<Params>(hqqScale);

/** What such codes are decoded with: a scale, and a zero as many. */
const metaOfScale = float<Params>((known) => hqqScale(metaOf('scale', known)));
const metaOfZero = float<Params>('[1]');

/** What is known of the scales or zeros, as of a weight. */
function metaOf(of: 'scale' | 'zero', known: Known<Params>): Known<Params> {
  const count = sizeOf(hqqScale(known));
  return { ...known, params: hqqMetaParams(of, count), size: () => count };
}

/** The outputs that scales and zeros which are quantized in turn come as, by HQQ's names. */
export const HQQ_META = {
  zero: { codes: 'zero_q', scale: 'meta_zero_scale', zero: 'meta_zero_zero' },
  scale: { codes: 'scale_q', scale: 'meta_scale_scale', zero: 'meta_scale_zero' },
} as const;

/** Which of the two are quantized. */
export const hqqMeta = ({
  quant_zero,
  quant_scale,
}: Pick<Params, 'quant_zero' | 'quant_scale'>): readonly ('zero' | 'scale')[] => [
  ...(quant_zero ? (['zero'] as const) : []),
  ...(quant_scale ? (['scale'] as const) : []),
];

const ofZero = ({ quant_zero }: Params): boolean => quant_zero;
const ofScale = ({ quant_scale }: Params): boolean => quant_scale;

/**
 * HQQ's half-quadratic quantization. Codes are made with `scale` and `zero`; `dequant` is what they
 * decode to with what is stored: where scales or zeros are codes in turn, with what those stand for.
 */
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
    zero_q: onlyWhen(ofZero, zeroCodes),
    meta_zero_scale: onlyWhen(ofZero, metaOfZero),
    meta_zero_zero: onlyWhen(ofZero, metaOfZero),
    scale_q: onlyWhen(ofScale, scaleCodes),
    meta_scale_scale: onlyWhen(ofScale, metaOfScale),
    meta_scale_zero: onlyWhen(ofScale, metaOfScale),
  },
  // What the solver's last pass began with: its zero follows from that one alone.
  saved: { previous_zero: onlyWhen(({ optimize }: Params) => optimize, float(hqqScale)) },
});

import type { Gpu } from '../../gpu/gpu.ts';
import type { Constants } from '../../gpu/pipelines.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import {
  areIntegers,
  type ByteCodes,
  type ByteProductParams,
  matmul8bit as signature,
} from '../../vocabulary/matmul/matmul_8bit.ts';
import type { InputsOf } from '../../vocabulary/signature.ts';
import { launcher } from '../launcher.ts';
import type { Loaders } from './launch-product.ts';
import { multiplyLoaded } from './multiply-decoded.ts';
import { PRODUCT_VARIANTS } from './tiles.ts';

type Weight = Omit<InputsOf<typeof signature, Tensor>, 'x'>;

/** What codes stand for, as the kernels count it. */
const CODES: Readonly<Record<ByteCodes, number>> = {
  ...{ int8: 0, map: 1, e4m3: 2, e5m2: 3, uint8: 4, e4m3fnuz: 5 },
};

/**
 * y = x W^T, or x W, with W [out, in] in codes of 8 bits, decoded in registers as value times the
 * scale of its block, or (code - zero_point) times it, as ONNX's DequantizeLinear has it. x: f32
 * [..., in] or [..., out]; q: i8 where codes are whole numbers with a sign, else u8; scale: f32, one
 * for each `blocksize` elements of the flat weight, or for each column of it; zero_point: as q is
 * stored, one for each scale, of whole numbers alone; code: f32 [256], of a map. The weight is frozen: only x has a gradient.
 * Throws ShapeError when they do not fit.
 */
export const matmul8bit = launcher(signature, {
  variants: PRODUCT_VARIANTS,
  storage: { widens: true, decides: ['x'] },
  forward: (gpu, { x, ...weight }, params, variant) => ({
    y: multiplyCodes(gpu, x, weight, params, variant),
  }),
  backward: (gpu, { inputs, grads, params, wants }, variant) => {
    if (!wants.has('x')) return {};
    const other = { ...params, transpose_weight: !params.transpose_weight };
    return { x: multiplyCodes(gpu, grads.y, inputs, other, variant) };
  },
});

/** x W^T, or x W, times `factor`, of a weight in codes of 8 bits; the caller owns it. */
export function multiplyCodes(
  gpu: Gpu,
  x: Tensor,
  { q, scale, zero_point, code }: Weight,
  params: ByteProductParams,
  variant: string,
  factor = 1,
): Tensor {
  const { codes, blocksize, out_features, in_features } = params;
  const elements = out_features * in_features;
  const isWeight =
    q.dtype === (codes === 'int8' ? 'i8' : 'u8') &&
    q.size === elements &&
    (params.axis === 0 || blocksize === out_features) &&
    // Elements are counted in 32 bits.
    elements <= 2 ** 32 &&
    scale.size === Math.ceil(elements / blocksize) &&
    (!zero_point ||
      (areIntegers(params) && zero_point.dtype === q.dtype && zero_point.size === scale.size)) &&
    code?.size === (codes === 'map' ? 256 : undefined);
  if (!isWeight)
    throw new ShapeError(
      `matmul_8bit: q ${q.dtype} ${formatShape(q.shape)} and scale ${formatShape(scale.shape)} are no weight of ${out_features} x ${in_features} in blocks of ${blocksize} codes of ${codes}`,
    );
  // Without a map or zero points the kernel reads none; a binding must be there all the same.
  const bindings = [q, scale, code ?? zero_point ?? scale] as const;
  const operand = { op: signature.name, bindings, ...params, scale: factor };
  const shifts = { SHIFTED: Number(zero_point !== undefined) };
  return multiplyLoaded(gpu, operand, x, variant, ({ k }) => loadersOf(params, k.size, shifts));
}

/** How x and W are read: four elements at a time where words and blocks allow it. */
function loadersOf(params: ByteProductParams, terms: number, shifts: Constants): Loaders {
  const { codes, axis, blocksize, in_features: line, transpose_weight } = params;
  const constants = {
    ...{ ALONG_TERMS: Number(transpose_weight), COLUMNS: Number(axis === -1) },
    ...{ CODES: CODES[codes], ...shifts },
  };
  const blocks = blocksOfWords(params);
  return blocks && line % 4 === 0 && terms % 4 === 0
    ? {
        link: 'bytes',
        constants,
        left: { unit: 4, fields: [terms / 4] },
        right: { unit: 1, fields: [line / 4, ...blocks] },
      }
    : {
        link: 'bytes_any',
        constants,
        left: { unit: 1, fields: [terms, 1] },
        right: { unit: 1, fields: [line, blocksize] },
      };
}

/**
 * Steps of a line, and the power of two of them that are a block where words of four are one each;
 * undefined where blocks are no such power. Lines that are whole blocks of rows may step past their
 * words to the next power.
 */
function blocksOfWords({
  axis,
  blocksize,
  out_features,
  in_features: line,
}: ByteProductParams): readonly [steps: number, shift: number] | undefined {
  if (axis === -1 || blocksize >= out_features * line) return [0, 31];
  const whole = Math.log2(blocksize / line);
  if (Number.isInteger(whole) && whole >= 0) {
    const shift = Math.ceil(Math.log2(line / 4));
    return [2 ** shift, shift + whole];
  }
  const shift = Math.log2(blocksize / 4);
  return Number.isInteger(shift) && shift >= 0 ? [line / 4, shift] : undefined;
}

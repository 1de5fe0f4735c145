import type { Tape } from '../../autograd/tape.ts';
import { mapped } from '../../graph/call.ts';
import { sub } from '../../ops/math/sub.ts';
import { quantoMatmul } from '../../ops/matmul/quanto_matmul.ts';
import { decodeSmallFloat } from '../../ops/quant/decode_small_float.ts';
import { quantoActivation } from '../../ops/quant/quanto_activation.ts';
import { quantoCalibrate } from '../../ops/quant/quanto_calibrate.ts';
import { quantoLinear } from '../../ops/quant/quanto_linear.ts';
import { quantoQuantize } from '../../ops/quant/quanto_quantize.ts';
import { unpackCodes } from '../../ops/quant/unpack_codes.ts';
import { filled } from '../../ops/shape/fill.ts';
import { transpose } from '../../ops/shape/transpose.ts';
import { matrixView, type Shape } from '../../tensor/shape.ts';
import type { Tensor, Tensors } from '../../tensor/tensor.ts';
import { type QuantoProductParams, quantoMatrix } from '../../vocabulary/matmul/quanto_matmul.ts';
import { ACTIVATION_TYPES, type ActivationType } from '../../vocabulary/quant/quanto_activation.ts';
import type { QuantoParams } from '../../vocabulary/quant/quanto_quantize.ts';
import { byteProduct } from '../byte-product.ts';
import {
  type CodedWeight,
  type Coding,
  decodedWeight,
  multiplied,
  type Parts,
  scaled,
} from '../coding.ts';
import { filedParts } from '../filed.ts';
import {
  type Choice,
  type Group,
  type Method,
  type Scheme,
  wholeRows,
  widthOf,
} from '../method.ts';

/** What codes of 8 bits stand for, and of floats their type in files. */
const BYTES = {
  quanto_int8: { qtype: 'qint8', codes: 'int8' },
  quanto_float8: { qtype: 'qfloat8_e4m3fn', codes: 'e4m3', filed: 'F8_E4M3' },
  quanto_float8_e4m3fnuz: { qtype: 'qfloat8_e4m3fnuz', codes: 'e4m3fnuz', filed: 'F8_E4M3FNUZ' },
  quanto_float8_e5m2: { qtype: 'qfloat8_e5m2', codes: 'e5m2', filed: 'F8_E5M2' },
} as const;

const FLOATS = ['quanto_float8', 'quanto_float8_e4m3fnuz', 'quanto_float8_e5m2'] as const;

/** optimum-quanto's quantize_weight, along the outputs where no axis is chosen. */
export const methods: readonly Method[] = [
  {
    name: 'quanto_int8',
    library: 'optimum-quanto',
    bits: [8],
    groups: ['channel'],
    axes: [0, -1],
    activations: ACTIVATION_TYPES,
    make: (choice) => {
      const bytes = wholeBytes('quanto_int8', choice);
      return choice.activations === 'qint8'
        ? inIntegers(bytes, choice)
        : withActivations(bytes, choice);
    },
  },
  {
    name: 'quanto_w8a8',
    library: 'optimum-quanto',
    bits: [8],
    groups: ['channel'],
    make: (choice) => inIntegers(wholeBytes('quanto_int8', choice), choice),
  },
  ...FLOATS.map((name) => ({
    name,
    library: 'optimum-quanto',
    bits: [8],
    groups: ['channel' as const],
    axes: [0, -1] as const,
    activations: ACTIVATION_TYPES,
    make: (choice: Choice) => withActivations(wholeBytes(name, choice), choice),
  })),
  {
    name: 'quanto_int',
    library: 'optimum-quanto',
    bits: [4, 2],
    groups: [128, 'channel', 32, 64, 96],
    usualGroup: groupOfModule,
    axes: [0, -1],
    activations: ACTIVATION_TYPES,
    make: (choice) => withActivations(affine(choice), choice),
  },
];

/**
 * As a QModuleMixin finds it (optimum-quanto 0.2.7, `nn/qmodule.py`): of rows longer than 128 the first
 * of 128, 96, 64 and 32 that fills them; of others whole rows.
 */
function groupOfModule(shape: Shape): Group {
  const width = widthOf(shape);
  const sizes = width > 128 ? [128, 96, 64, 32] : [];
  return sizes.find((size) => width % size === 0) ?? 'channel';
}

/** Codes of 8 bits with a scale for each output, or each input (axis -1). */
function wholeBytes(name: keyof typeof BYTES, { axis: along = 0 }: Choice): Scheme {
  const axis = along as 0 | -1;
  const isAcross = axis === -1;
  const bytes = BYTES[name];
  const { qtype, codes } = bytes;
  const isFloat = codes !== 'int8';
  const stored = { q: 'weight._data', scale: 'weight._scale' };
  const coding: Coding = {
    name,
    decode: (tape, { shape, parts }, layer) => {
      const { q, scale } = parts as Parts<'q' | 'scale'>;
      const a = isFloat
        ? tape.apply(decodeSmallFloat, { codes: q }, { type: codes }, `${layer}.elements`).y
        : q;
      return scaled(tape, a, scale, shape, layer);
    },
    multiply: (tape, { shape, parts }, x, layer) => {
      const blocksize = isAcross ? (shape[0] as number) : widthOf(shape);
      const inputs = parts as Parts<'q' | 'scale'>;
      return byteProduct(tape, inputs, { codes, axis, blocksize, shape }, x, layer);
    },
  };
  return {
    ops: ['quanto_quantize', ...(isFloat ? ['decode_small_float'] : []), 'mul', 'matmul_8bit'],
    product: 'matmul_8bit, decoded in registers',
    ...(isAcross ? { refuses: wholeColumns('channel') } : { rowsApart: () => true }),
    parts: (shape, dtype = 'f32') => {
      const [rows, columns] = matrixView(shape);
      return {
        q: { dtype: isFloat ? 'u8' : 'i8', shape: [rows, columns] },
        scale: { dtype, shape: isAcross ? [1, columns] : [rows, 1] },
      };
    },
    stored,
    ...('filed' in bytes
      ? { filed: (parts) => filedParts(stored, parts, { q: bytes.filed }) }
      : {}),
    quantize: (tape, weight, layer) => {
      const { q, scale } = quantized(tape, weight, { qtype, axis }, layer);
      return { q, scale };
    },
    weight: (parts, shape) => ({ format: coding, shape, parts }),
  };
}

/**
 * Codes of 8 bits with a scale for each output, multiplied by x in codes too: by one scale, which is
 * 1 until a calibration found it, as in a module that was made with `activations=qint8`.
 */
function inIntegers(bytes: Scheme, { outputs }: Choice): Scheme {
  return calibrated(
    bytes,
    { activations: 'qint8', outputs },
    {
      op: 'quanto_linear',
      product: 'quanto_linear: codes times codes of x, by a scale that a calibration found',
      multiply: (tape, { parts }, x, layer) =>
        tape.apply(
          quantoLinear,
          { x, ...(parts as Parts<'q' | 'scale' | 'input_scale'>) },
          {},
          layer,
        ).y,
    },
  );
}

/** The scheme with x rounded before its product, where activations are codes. */
function withActivations(scheme: Scheme, { activations, outputs }: Choice): Scheme {
  if (!activations) return scheme;
  return calibrated(
    scheme,
    { activations, outputs },
    {
      op: 'quanto_activation',
      product: `${scheme.product}, with x rounded to ${activations} by a scale that a calibration found`,
      multiply: (tape, { shape, parts }, x, layer) => {
        const { input_scale: scale } = parts as Parts<'input_scale'>;
        const params = { qtype: activations };
        const rounded = tape.apply(quantoActivation, { x, scale }, params, `${layer}.x`);
        return multiplied(tape, scheme.weight(ofWeight(parts), shape), rounded.dequant, layer);
      },
    },
  );
}

/** What is rounded to which type. */
interface Rounding {
  readonly activations: ActivationType;
  readonly outputs?: boolean | undefined;
}

/** How x in codes is multiplied. */
interface ActivationProduct {
  readonly op: string;
  /** For people. */
  readonly product: string;
  readonly multiply: NonNullable<Coding['multiply']>;
}

/** Scales of activations by their names in Quanto's modules, which are those of the parts. */
const SCALES = ['input_scale', 'output_scale'] as const;

/** What outputs are codes by, which the next layer takes as they are. */
const CODED = new WeakMap<Tensor, { readonly scale: Tensor; readonly qtype: ActivationType }>();

/** A scheme that keeps scales of activations beside the parts of a weight, as Quanto's modules do. */
function calibrated(
  scheme: Scheme,
  { activations: qtype, outputs = false }: Rounding,
  { op, product, multiply }: ActivationProduct,
): Scheme {
  const names = outputs ? SCALES : SCALES.slice(0, 1);
  const kept = Object.fromEntries(names.map((name) => [name, name]));
  const { filed } = scheme;
  const coding = (name: string): Coding => ({
    name,
    decode: (tape, { shape, parts }, layer) =>
      decodedWeight(tape, scheme.weight(ofWeight(parts), shape), layer),
    multiply,
    takesCodes: true,
    calibrate: (tape, { parts }, x, layer) => {
      const { input_scale } = parts as Parts<'input_scale'>;
      const coded = CODED.get(x);
      if (coded?.qtype === qtype) input_scale.copyFrom(coded.scale);
      else follow(tape, input_scale, x, qtype, layer);
    },
    ...(outputs && {
      finish: (tape, { parts }, y, layer) => {
        const { output_scale: scale } = parts as Parts<'output_scale'>;
        if (tape.calibrates)
          tape.noGrad(() => follow(tape, scale, y, qtype, `${layer}.outputs.calibrate`));
        const inputs = { x: y, scale };
        const { dequant } = tape.apply(quantoActivation, inputs, { qtype }, `${layer}.outputs`);
        CODED.set(dequant, { scale, qtype });
        return dequant;
      },
    }),
  });
  return {
    ...scheme,
    ops: [...scheme.ops, 'quanto_calibrate', op, ...(outputs ? ['quanto_activation'] : [])],
    product: outputs ? `${product}; its outputs are rounded to it too` : product,
    parts: (shape, dtype) => ({
      ...scheme.parts(shape, dtype),
      ...mapped(kept, () => ({ dtype: 'f32', shape: [1] }) as const),
    }),
    stored: { ...scheme.stored, ...kept },
    ...(filed && {
      filed: (parts, shape) => new Map([...filed(parts, shape), ...filedParts(kept, parts)]),
    }),
    quantize: (tape, weight, layer) => ({
      ...scheme.quantize(tape, weight, layer),
      ...mapped(kept, () => tape.adopt(filled(weight.gpu, 'f32', [1], 1))),
    }),
    weight: (parts, shape) => {
      const { format } = scheme.weight(ofWeight(parts), shape);
      return { format: coding(`${format.name}_${qtype}`), shape, parts };
    },
  };
}

/** Has a scale, 1 at first, follow what is rounded by it, as Quanto's Calibration does. */
function follow(tape: Tape, scale: Tensor, x: Tensor, qtype: ActivationType, layer: string): void {
  // What was traced stays as it was.
  const before = tape.adopt(scale.clone());
  const inputs = { x, input_scale: before };
  scale.copyFrom(tape.apply(quantoCalibrate, inputs, { qtype }, layer).input_scale);
}

/** The parts of the weight alone. */
function ofWeight({ input_scale: _, output_scale: __, ...parts }: Tensors): Tensors {
  return parts;
}

/**
 * Codes of 4 or 2 bits with scale and shift for each group of an output, or of an input (axis -1), or
 * for the whole of it.
 */
function affine({ bits: width, group, axis: along = 0 }: Choice): Scheme {
  const bits = width as 4 | 2;
  const axis = along as 0 | -1;
  const isAcross = axis === -1;
  const isOneGroup = (shape: Shape) =>
    !isAcross && shape[0] === 1 && (typeof group !== 'number' || widthOf(shape) === group);
  const paramsOf = (shape: Shape): AffineParams => {
    const [out_features, in_features] = matrixView(shape);
    const given = { bits, out_features, in_features };
    // A row that is one group has a scale for each of its elements.
    if (isOneGroup(shape)) return { ...given, axis: -1, group_size: 1 };
    const whole = isAcross ? out_features : in_features;
    return { ...given, axis, group_size: typeof group === 'number' ? group : whole };
  };
  const coding: Coding = {
    name: 'quanto_int',
    decode: (tape, weight, layer) => decodedAffine(tape, weight, paramsOf(weight.shape), layer),
  };
  const multiply: Coding['multiply'] = (tape, { shape, parts }, x, layer) => {
    const inputs = { x, ...(parts as Parts<'packed' | 'scale' | 'shift'>) };
    return tape.apply(quantoMatmul, inputs, paramsOf(shape), layer).y;
  };
  const decoding = ['unpack_codes', 'mul', 'sub', ...(isAcross ? ['transpose'] : [])];
  return {
    ops: ['quanto_quantize', ...decoding, 'quanto_matmul'],
    product: 'quanto_matmul, decoded in registers',
    refuses: isAcross
      ? wholeColumns(group)
      : typeof group === 'number'
        ? wholeRows(group)
        : (shape) =>
            isOneGroup(shape) && shape.length > 2
              ? 'of a convolution of one output Quanto scales the columns of its kernel'
              : undefined,
    parts: (shape, dtype = 'f32') => {
      const params = paramsOf(shape);
      const [rows, columns] = quantoMatrix(params);
      const line = { dtype, shape: params.axis === 0 ? [rows, 1] : [1, columns] };
      const packed = [Math.ceil((rows * bits) / 8), columns];
      return { packed: { dtype: 'u8', shape: packed }, scale: line, shift: line };
    },
    stored: { packed: 'weight._data._data', scale: 'weight._scale', shift: 'weight._shift' },
    quantize: (tape, weight, layer) => {
      const qtype = bits === 4 ? 'qint4' : 'qint2';
      const params = { qtype, axis, group_size: typeof group === 'number' ? group : undefined };
      const { packed, scale, shift } = quantized(tape, weight, params as QuantoParams, layer);
      return { packed, scale, shift };
    },
    weight: (parts, shape) => {
      // Of lines that are no whole fours the decoded weight is multiplied.
      const format = widthOf(shape) % 4 === 0 ? { ...coding, multiply } : coding;
      return { format, shape, parts };
    },
  };
}

/** The format of a matrix of codes. */
type AffineParams = Omit<QuantoProductParams, 'transpose_weight'>;

/** Refuses weights whose columns groups do not fill, or that are no matrices. */
function wholeColumns(group: Choice['group']): NonNullable<Scheme['refuses']> {
  return (shape) => {
    const [rows = 0] = shape;
    if (shape.length > 2) return 'groups of columns are of a weight with two dimensions';
    return typeof group === 'number' && rows % group !== 0
      ? `columns of ${rows} elements are no groups of ${group}`
      : undefined;
  };
}

/** All that the op gives of a weight as a matrix. */
function quantized(tape: Tape, weight: Tensor, params: QuantoParams, layer: string) {
  const rows = tape.view(weight, matrixView(weight.shape));
  const made = tape.apply(quantoQuantize, { weight: rows }, params, layer);
  return made as Parts<'packed' | 'q' | 'scale' | 'shift'>;
}

function decodedAffine(
  tape: Tape,
  { shape, parts }: CodedWeight,
  params: AffineParams,
  layer: string,
): Tensor {
  const { packed, scale, shift } = parts as Parts<'packed' | 'scale' | 'shift'>;
  const { bits, axis, group_size, out_features, in_features } = params;
  const matrix = quantoMatrix(params);
  const unpacking = { bits, order: 'low', shape: matrix } as const;
  const { codes } = tape.apply(unpackCodes, { packed }, unpacking, `${layer}.unpack`);
  const steps = scaled(tape, codes, scale, matrix, layer);
  const { y } = tape.apply(sub, { a: steps, b: shift }, {}, `${layer}.shift`);
  if (axis === 0 || group_size === out_features) return tape.view(y, shape);
  // Groups of a column lie side by side.
  const x = tape.view(y, [group_size, in_features, out_features / group_size]);
  const { y: weight } = tape.apply(transpose, { x }, { perm: [2, 0, 1] }, `${layer}.order`);
  return tape.view(weight, shape);
}

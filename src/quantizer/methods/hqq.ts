import type { Tape } from '../../autograd/tape.ts';
import type { ValueType } from '../../graph/graph.ts';
import { mul } from '../../ops/math/mul.ts';
import { sub } from '../../ops/math/sub.ts';
import { hqqMatmul } from '../../ops/matmul/hqq_matmul.ts';
import { hqqQuantize } from '../../ops/quant/hqq_quantize.ts';
import { unpackCodes } from '../../ops/quant/unpack_codes.ts';
import { matrixView, type Shape, sizeOf } from '../../tensor/shape.ts';
import type { Tensor, Tensors } from '../../tensor/tensor.ts';
import { HQQ_META, HQQ_SCALES, HQQ_WORDS, hqqMeta } from '../../vocabulary/quant/hqq_quantize.ts';
import type { CodedWeight, Coding, Parts } from '../coding.ts';
import { filedParts } from '../filed.ts';
import { hqqState } from '../hqq-state.ts';
import { type Choice, type Method, type Scheme, widthOf } from '../method.ts';

/** HQQ with its half-quadratic solver (Badri and Shaji, 2023). */
export const methods: readonly Method[] = [
  {
    name: 'hqq',
    library: 'hqq',
    bits: [4, 8, 3, 2, 1],
    groups: [64, 16, 32, 128, 256],
    axes: [1, 0],
    metas: [{}, { quantZero: true }, { quantZero: true, quantScale: true }],
    make: scheme,
  },
];

function scheme({
  bits,
  group,
  axis: along = 1,
  quantZero: quant_zero = false,
  quantScale: quant_scale = false,
}: Choice): Scheme {
  const group_size = group as number;
  const nbits = bits as 8 | 4 | 3 | 2 | 1;
  const axis = along as 0 | 1;
  // As hqq_base_quant_config has it (hqq 0.2.8).
  const round_zero = nbits === 4;
  const words = HQQ_WORDS[nbits];
  // BitPack of hqq 0.2.8 fills up the rows of 3 bits alone, and raises or garbles other remainders.
  const wholeRows = nbits === 3 ? 1 : words.rows;
  const matrixOf = (shape: Shape): [number, number] => {
    const groups = sizeOf(shape) / group_size;
    return axis === 1 ? [groups, group_size] : [group_size, groups];
  };
  const lineOf = (shape: Shape): Shape => {
    const groups = sizeOf(shape) / group_size;
    return axis === 1 ? [groups, 1] : [1, groups];
  };
  const meta = hqqMeta({ quant_zero, quant_scale });
  const metaOf = (tape: Tape, { parts, shape }: CodedWeight, layer: string) =>
    tape.noGrad(() => {
      const of = (part: 'scale' | 'zero') =>
        meta.includes(part)
          ? tape.view(restored(tape, parts, part, `${layer}.${part}`), lineOf(shape))
          : (parts[part] as Tensor);
      return { scale: of('scale'), zero: of('zero') };
    });
  const coding: Coding = {
    name: 'hqq',
    decode: (tape, weight, layer) => {
      const { shape } = weight;
      const { packed } = weight.parts as Parts<'packed'>;
      const { scale, zero } = metaOf(tape, weight, layer);
      const params = { bits: words.bits as 8 | 4 | 3 | 2 | 1, order: 'high' } as const;
      const matrix = matrixOf(shape);
      const { codes } = tape.apply(
        unpackCodes,
        { packed },
        { ...params, shape: matrix },
        `${layer}.unpack`,
      );
      const { y } = tape.apply(sub, { a: codes, b: zero }, {}, `${layer}.zero`);
      return tape.view(tape.apply(mul, { a: y, b: scale }, {}, `${layer}.scale`).y, shape);
    },
  };
  const multiply: Coding['multiply'] = (tape, weight, x, layer) => {
    const { packed } = weight.parts as Parts<'packed'>;
    const [out_features, in_features] = matrixView(weight.shape);
    const params = { nbits, axis, group_size, out_features, in_features };
    const inputs = { x, packed, ...metaOf(tape, weight, layer) };
    return tape.apply(hqqMatmul, inputs, params, layer).y;
  };
  const stored = { packed: 'W_q', ...storedOf('scale', meta), ...storedOf('zero', meta) };
  return {
    ops: ['hqq_quantize', 'unpack_codes', 'sub', 'mul', 'hqq_matmul'],
    product: 'hqq_matmul, decoded in registers',
    refuses: (shape) => {
      const n = sizeOf(shape);
      if (n % group_size !== 0) return `${n} elements are no groups of ${group_size}`;
      const [rows] = matrixOf(shape);
      if (rows % wholeRows !== 0)
        return `${rows} groups are no whole words of ${words.rows} codes of ${nbits} bits, and HQQ fills up none but those of 3`;
      return quant_scale && (n / group_size) % HQQ_SCALES !== 0
        ? `${n / group_size} scales are no groups of ${HQQ_SCALES}`
        : undefined;
    },
    parts: (shape) => {
      const [rows, columns] = matrixOf(shape);
      const line = lineOf(shape);
      return {
        packed: { dtype: words.dtype, shape: [Math.ceil(rows / words.rows), columns] },
        ...partsOf('scale', line, meta),
        ...partsOf('zero', line, meta),
      };
    },
    stored,
    // HQQLinear encodes no state with zeros or scales in codes.
    ...(meta.length === 0 && {
      filed: (parts, shape) =>
        new Map([
          ...filedParts(stored, parts),
          ...hqqState({ nbits, group_size, axis, round_zero }, shape),
        ]),
    }),
    quantize: (tape, weight, layer) => {
      const params = { nbits, axis, group_size, round_zero, quant_zero, quant_scale };
      return tape.apply(hqqQuantize, { weight }, params, layer) as Tensors;
    },
    weight: (parts, shape) => {
      // Of lines that are no whole fours, or groups along rows that go on in the next, the decoded
      // weight is multiplied.
      const width = widthOf(shape);
      const isWhole = width % (axis === 1 ? group_size : 4) === 0 && matrixOf(shape)[1] % 4 === 0;
      return { format: isWhole ? { ...coding, multiply } : coding, shape, parts };
    },
  };
}

/** What is kept of scales or zeros: floats, or codes of 8 bits with what they are decoded with. */
function partsOf(
  part: 'scale' | 'zero',
  line: Shape,
  meta: readonly string[],
): Readonly<Record<string, ValueType>> {
  if (!meta.includes(part)) return { [part]: { dtype: 'f32', shape: line } };
  const { codes, scale, zero } = HQQ_META[part];
  const groups = sizeOf(line) / HQQ_SCALES;
  const alone = part === 'zero' ? [1] : [1, groups];
  return {
    [codes]: { dtype: 'u8', shape: part === 'zero' ? line : [HQQ_SCALES, groups] },
    [scale]: { dtype: 'f32', shape: alone },
    [zero]: { dtype: 'f32', shape: alone },
  };
}

/** The same by the names of HQQLinear's state, whose dictionaries are flattened. */
function storedOf(
  part: 'scale' | 'zero',
  meta: readonly string[],
): Readonly<Record<string, string>> {
  if (!meta.includes(part)) return { [part]: part };
  const { codes, scale, zero } = HQQ_META[part];
  return { [codes]: codes, [scale]: `meta_${part}.scale`, [zero]: `meta_${part}.zero` };
}

/** What codes of scales or zeros stand for. */
function restored(tape: Tape, parts: Tensors, part: 'scale' | 'zero', layer: string): Tensor {
  const { codes, scale, zero } = HQQ_META[part];
  const of = (name: string) => parts[name] as Tensor;
  const { y } = tape.apply(sub, { a: of(codes), b: of(zero) }, {}, `${layer}.zero`);
  return tape.apply(mul, { a: y, b: of(scale) }, {}, `${layer}.scale`).y;
}

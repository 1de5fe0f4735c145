import { middleOf, rowLayout } from '../../quant/nbits/layout.ts';
import { packing } from '../../quant/packing/packing.ts';
import {
  type NbitsQuantizerParams,
  quantizeNbits as signature,
} from '../../vocabulary/quant/quantize_nbits.ts';
import type { InputsOf, OutputsOf } from '../../vocabulary/signature.ts';
import { FLUSH } from '../bounds.ts';
import { defineRecord } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Acceptance, Arithmetic, Value } from '../record.ts';
import { repeatsOf } from './nbits-filling.ts';
import { codesOf, type Right, type Steps, stepsOf } from './nbits-steps.ts';
import { samples } from './quantize_nbits.samples.ts';
import { reach } from './ranges.ts';

type Inputs = InputsOf<typeof signature, Value>;
type Outputs<T> = OutputsOf<typeof signature, T>;

/** The rows of a weight in blocks. */
function blocksOf({ weight }: Inputs, params: NbitsQuantizerParams) {
  const [rows, cols] = weight.shape as readonly [number, number];
  const layout = rowLayout(cols, params);
  const blocks = Array.from({ length: rows * layout.blocks }, (_, b) => {
    const row = Math.floor(b / layout.blocks);
    const first = (b % layout.blocks) * params.block_size;
    const end = Math.min(first + params.block_size, cols);
    return weight.data.subarray(row * cols + first, row * cols + end);
  });
  return { rows, layout, blocks };
}

/** The block of each code, and its element there, if it is one of the weight's. */
function placeOf(code: number, { block_size }: NbitsQuantizerParams) {
  return { block: Math.floor(code / block_size), element: code % block_size };
}

/**
 * Outputs by those zero points and codes of a party that can be right, or else by IEEE arithmetic;
 * rows that it fills up with repeated codes are filled up so.
 */
function outputsOf(
  inputs: Inputs,
  params: NbitsQuantizerParams,
  own: Partial<Outputs<Value>> = {},
): Outputs<Value> {
  const { rows, layout, blocks } = blocksOf(inputs, params);
  const { dtype } = inputs.weight;
  const packs = packing(params.bits);
  const steps = (ieee: boolean) => blocks.map((block) => stepsOf(block, params, dtype, ieee));
  const ieee = steps(true);
  const legal = steps(false);
  const chosen = (right: Right, usual: Right, given: number | undefined) =>
    right.find((code) => code === given) ?? usual[0];
  const given = (value: Value | undefined, i: number) => value && packs.codeAt(value.data, i);
  const zeros = blocks.map((_, b) =>
    chosen(
      (legal[b] as Steps).zeros,
      (ieee[b] as Steps).zeros,
      given(own.zero_points, zeroPlace(b, layout)),
    ),
  );
  const codes = Float64Array.from({ length: rows * layout.codes }, (_, i) => {
    const { block: b, element } = placeOf(i, params);
    const x = (blocks[b] as Float64Array)[element];
    if (x === undefined) return 0;
    const zero = zeros[b] as number;
    const right = codesOf(x, legal[b] as Steps, zero, params, false);
    return chosen(right, codesOf(x, ieee[b] as Steps, zero, params, true), given(own.packed, i));
  });
  const { packed } = own;
  const repeats = repeatsOf(rows, inputs.weight.shape[1] as number, params);
  if (packed && repeats.every(({ at, of }) => given(packed, at) === given(packed, of)))
    for (const { at, of } of repeats) codes[at] = codes[of] as number;
  const bytes = new Float64Array(rows * layout.zeros).fill(middleOf(params));
  for (const [b, zero] of zeros.entries()) bytes[zeroPlace(b, layout)] = zero;
  return {
    packed: {
      shape: [rows, layout.blocks, layout.blockBytes],
      data: Float64Array.from(packs.pack(codes, 0)),
    },
    scales: {
      shape: [rows, layout.blocks],
      data: Float64Array.from(ieee, ({ scale }) => scale.low),
    },
    ...(params.symmetric
      ? {}
      : {
          zero_points: {
            shape: [rows, layout.zeroBytes],
            data: Float64Array.from(packs.pack(bytes, 0)),
          },
        }),
  };
}

/** Which of all zero points, with those that fill bytes up, is that of block `b`. */
const zeroPlace = (b: number, { blocks, zeros }: ReturnType<typeof rowLayout>): number =>
  Math.floor(b / blocks) * zeros + (b % blocks);

/**
 * What stands past the end of a row is 0, or in a library what it repeats there, and past its last
 * zero point the middle code.
 */
function acceptance(
  inputs: Inputs,
  outputs: Outputs<Value>,
  params: NbitsQuantizerParams,
  { ieee, otherFormulas }: Arithmetic,
): Outputs<Acceptance> {
  const { layout, blocks } = blocksOf(inputs, params);
  const packs = packing(params.bits);
  const steps = blocks.map((block) => stepsOf(block, params, inputs.weight.dtype, ieee));
  const zeroAt = (b: number) =>
    outputs.zero_points
      ? packs.codeAt(outputs.zero_points.data, zeroPlace(b, layout))
      : middleOf(params);
  const right = blocks.map((block, b) =>
    Array.from(block, (x) => codesOf(x, steps[b] as Steps, zeroAt(b), params, ieee)),
  );
  const rightZero = (i: number) => {
    const at = i % layout.zeros;
    const b = Math.floor(i / layout.zeros) * layout.blocks + at;
    return at < layout.blocks ? steps[b]?.zeros : undefined;
  };
  const bytes = (count: number, accepts: (code: number, i: number) => boolean): Acceptance => ({
    kind: 'codes',
    accepts: (k, byte) => {
      if (!Number.isInteger(byte) || byte < 0 || byte > 255) return false;
      const [first, end] = packs.elementsIn(k);
      return Array.from({ length: end - first }, (_, j) => j).every((j) =>
        accepts(packs.codeAt([byte], j), first + j),
      );
    },
    inBand: count,
  });
  const isOpen = (all: Right) => all.length > 1;
  const packed = bytes(right.flat().filter(isOpen).length, (code, i) => {
    const { block, element } = placeOf(i, params);
    const filling = otherFormulas ? packs.codeAt(outputs.packed.data, i) : 0;
    return (right[block]?.[element] ?? [filling]).includes(code);
  });
  return {
    packed: { ...packed, codes: inputs.weight.data.length } as Acceptance,
    scales: {
      kind: 'within',
      // Whatever the arithmetic, a denormal may be flushed.
      bound: outputs.scales.data.map((scale, b) =>
        Math.max(
          reach((steps[b] as Steps).scale, scale),
          Math.abs(scale) < FLUSH ? Math.abs(scale) : 0,
        ),
      ),
    },
    ...(outputs.zero_points
      ? {
          zero_points: {
            ...bytes(steps.filter(({ zeros }) => isOpen(zeros)).length, (code, i) =>
              (rightZero(i) ?? [middleOf(params)]).includes(code),
            ),
            codes: steps.length,
          } as Acceptance,
        }
      : {}),
  } as Outputs<Acceptance>;
}

/** quantize_matmul_4bits of ONNX Runtime, and those of 2 and 8 bits. */
export const record = defineRecord(signature, {
  summary: 'codes of 2, 4 or 8 bits in blocks along the rows, by ONNX Runtime for MatMulNBits',
  forward: (inputs, params) => outputsOf(inputs, params),
  forwardChosen: (inputs, actual, params) => outputsOf(inputs, params, actual),
  acceptance,
  asWritten: true,
  samples,
  faults: [
    {
      name: 'scales larger by half',
      shader: {
        file: 'quant/nbits_codes',
        from: 'scales[b] = scale',
        to: 'scales[b] = 1.5 * scale',
      },
    },
  ],
  plausibleBugs: [
    paramsBug('blocks half as long', (params) =>
      params.block_size === 16
        ? params
        : { ...params, block_size: (params.block_size / 2) as 16 | 32 | 64 | 128 },
    ),
    paramsBug('codes of another width', (params) => ({
      ...params,
      bits: params.bits === 4 ? 2 : 4,
    })),
    paramsBug('zero in the middle', (params) => ({ ...params, symmetric: true })),
    inputBug('last element dropped', 'weight', (w, i, { data }) => (i === data.length - 1 ? 0 : w)),
    inputBug('neighbours swapped', 'weight', (w, i, { data }) => data[i ^ 1] ?? w),
    inputBug('signs lost', 'weight', Math.abs),
    inputBug('weights wrong by 2e-5', 'weight', (w) => w * (1 + 2e-5)),
  ],
});

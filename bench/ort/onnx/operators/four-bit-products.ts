import { GradproofError } from '../../../../src/errors.ts';
import type { Call } from '../../../../src/graph/call.ts';
import type { Format } from '../../../../src/quant/format.ts';
import { blockFormatOf } from '../../../../src/quant/registry.ts';
import { type HostTensor, hostTensor } from '../../../../src/tensor/host.ts';
import {
  type QuantizedProduct,
  quantizedProducts,
} from '../../../../src/vocabulary/matmul/matmul_quantized.ts';
import {
  completed,
  type InputsOf,
  type ParamsOf,
  type Signature,
} from '../../../../src/vocabulary/signature.ts';
import { Graph, MICROSOFT } from '../graph.ts';
import type { Built, Operator, Reason } from '../operator.ts';

type Params = ParamsOf<QuantizedProduct>;
type Inputs = InputsOf<QuantizedProduct, HostTensor>;

/** The quant_type of MatMulBnb4, which has the values of bitsandbytes. */
const BITSANDBYTES: Readonly<Record<string, number>> = { fp4: 0, nf4: 1 };
const BY_TABLE = 'MatMulBnb4';

/** A weight that is none in the format of MatMulNBits. */
class FormatMismatchError extends GradproofError {}

/** The code that stands for zero; others are as many scales away from it. */
const ZERO = 8;

/** How MatMulNBits computes, by the setting that asks for it. */
const LEVELS = { 'accuracy_level 0': 0, 'accuracy_level 4': 4 } as const;
const SETTINGS = Object.keys(LEVELS) as (keyof typeof LEVELS)[];

/** Of level 4: an activation becomes a whole number of 127ths of the largest of its block. */
const INT8 = {
  relative: 1 / 254,
  source: 'MatMulNBits, accuracy_level 4: activations are quantized to int8, block by block',
};

const paramsOf = (op: Signature, params: object): Params =>
  completed(op as QuantizedProduct, params as never);

function settingsOf({ op, params, inputs }: Call<HostTensor>): readonly string[] | Reason {
  const { quant_type, blocksize, in_features, transpose_weight } = paramsOf(op, params);
  if (blockFormatOf(quant_type).packing.bits !== 4)
    return { reason: 'its MatMulNBits is asked for codes of 4 bits alone' };
  if (!transpose_weight) return { reason: 'its MatMulNBits takes weights [out, in] alone' };
  if (in_features % blocksize !== 0) return { reason: 'its blocks lie within rows' };
  const { packed } = inputs as unknown as Inputs;
  return isLinear(blockFormatOf(quant_type), packed) ? SETTINGS : [BY_TABLE];
}

/** Whether every code stands for a whole number of its scale. */
function isLinear({ values, packing }: Format, { data }: HostTensor): boolean {
  const count = data.length * (8 / packing.bits);
  for (let i = 0; i < count; i++)
    if (!Number.isInteger(values[packing.codeAt(data, i)])) return false;
  return true;
}

/**
 * Codes of MatMulNBits, two a byte with the first in the low bits, that stand for the very same
 * weight with the same scales. Throws FormatMismatchError, `format-mismatch`, for one that has
 * other values than whole numbers of a scale: its codes are linear.
 */
export function linearCodes(
  { values, packing }: Format,
  packed: HostTensor,
  count: number,
): Uint8Array<ArrayBuffer> {
  const codes = new Uint8Array(count / 2);
  for (let i = 0; i < count; i++) {
    const value = values[packing.codeAt(packed.data, i)] as number;
    if (!Number.isInteger(value)) {
      throw new FormatMismatchError(
        'format-mismatch',
        `element ${i} is ${value} scales, and MatMulNBits has whole numbers: draw codes of -1, 0, 1`,
      );
    }
    codes[i >> 1] = (codes[i >> 1] as number) | ((value + ZERO) << (4 * (i & 1)));
  }
  return codes;
}

function build(call: Call<HostTensor>, setting: string): Built {
  return setting === BY_TABLE ? buildByTable(call) : buildLinear(call, setting);
}

/** Codes as bitsandbytes has them; MatMulBnb4 takes blocks of the flat weight. */
function buildByTable({ op, params, inputs }: Call<HostTensor>): Built {
  const { x, packed, absmax } = inputs as unknown as Inputs;
  const { quant_type, blocksize, out_features, in_features } = paramsOf(op, params);
  const graph = new Graph();
  const codes = graph.constant({ ...packed, shape: [packed.data.length] });
  const value = graph.node(
    BY_TABLE,
    [graph.feed('x', x), codes, graph.constant(absmax)],
    {
      K: in_features,
      N: out_features,
      block_size: blocksize,
      quant_type: BITSANDBYTES[quant_type] as number,
    },
    MICROSOFT,
  );
  graph.output(value, 'f32');
  return { graph, outputs: { y: { value, type: 'f32' } } };
}

function buildLinear({ op, params, inputs }: Call<HostTensor>, setting: string): Built {
  const { x, packed, absmax } = inputs as unknown as Inputs;
  const { quant_type, blocksize, out_features, in_features } = paramsOf(op, params);
  const codes = linearCodes(blockFormatOf(quant_type), packed, out_features * in_features);
  const shape = [out_features, in_features / blocksize, blocksize / 2];
  const level = LEVELS[setting as keyof typeof LEVELS];
  const graph = new Graph();
  const weight = graph.constant(hostTensor('u8', shape, codes));
  const value = graph.node(
    'MatMulNBits',
    [graph.feed('x', x), weight, graph.constant(absmax)],
    {
      K: in_features,
      N: out_features,
      bits: 4,
      block_size: blocksize,
      accuracy_level: level,
    },
    MICROSOFT,
  );
  graph.output(value, 'f32');
  return {
    graph,
    outputs: { y: { value, type: 'f32' } },
    ...(level === 4 ? { coarser: INT8 } : {}),
  };
}

/** Products with weights in 4 bits, which are parts of the model. */
export const operators: readonly Operator[] = [...quantizedProducts.keys()].map((op) => ({
  op,
  settings: settingsOf,
  build,
}));

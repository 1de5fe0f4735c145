import { matrixOf } from '../../../../src/tensor/shape.ts';
import { absMean } from '../../../../src/vocabulary/quant/abs_mean.ts';
import { dequantizeLinear } from '../../../../src/vocabulary/quant/dequantize_linear.ts';
import { int8VectorwiseDequant } from '../../../../src/vocabulary/quant/int8_vectorwise_dequant.ts';
import type { Onnx } from '../../../../src/vocabulary/quant/linear-scale.ts';
import { quantizeLinear } from '../../../../src/vocabulary/quant/quantize_linear.ts';
import { quantoQuantize } from '../../../../src/vocabulary/quant/quanto_quantize.ts';
import { typeCode } from '../graph.ts';
import { ONE_SETTING, operator, type Reason } from '../operator.ts';

/** Which dimension scales differ along, and how many elements share one. */
function alongOf({ axis, block_size }: Onnx): Readonly<Record<string, number>> {
  return {
    ...(axis === undefined ? {} : { axis }),
    ...(block_size === undefined ? {} : { block_size }),
  };
}

/** ONNX Runtime Web gives no tensors of four bits, and takes none but as a part of the model. */
function wholeBytes({ params: { dtype } }: { readonly params: Onnx }): readonly string[] | Reason {
  return dtype === 'int4' || dtype === 'uint4'
    ? { reason: 'onnxruntime-web reads no tensors of 4-bit codes back' }
    : ONE_SETTING;
}

/** Codes that are whole numbers of a scale. */
export const operators = [
  operator(
    quantizeLinear,
    ({ graph, fed, kept, keptIfThere, tensors: { zero_point }, params }) => {
      const type = zero_point?.dtype ?? (params.dtype === 'int8' ? 'i8' : 'u8');
      const inputs = [fed('x'), kept('scale'), keptIfThere('zero_point')];
      const value = graph.node('QuantizeLinear', inputs, {
        ...alongOf(params),
        ...(zero_point ? {} : { output_dtype: typeCode(type) }),
      });
      return { q: { value, type: type as 'i8' | 'u8' } };
    },
    wholeBytes,
  ),
  operator(
    dequantizeLinear,
    ({ graph, kept, keptIfThere, params }) => {
      const inputs = [kept('q'), kept('scale'), keptIfThere('zero_point')];
      const value = graph.node('DequantizeLinear', inputs, alongOf(params));
      return { y: { value, type: 'f32' } };
    },
    wholeBytes,
  ),
  operator(int8VectorwiseDequant, ({ graph, kept, tensors: { q } }) => {
    const scale = graph.node('Mul', [kept('row_stats'), graph.scalar(1 / 127)]);
    const rows = graph.node('Reshape', [kept('q'), graph.integers(matrixOf(q.shape))]);
    const decoded = graph.node('DequantizeLinear', [rows, scale], { axis: 0 });
    const value = graph.node('Reshape', [decoded, graph.integers(q.shape)]);
    return { y: { value, type: 'f32' } };
  }),
  operator(
    quantoQuantize,
    ({ graph, fed, tensors: { weight } }) => {
      const w = fed('weight');
      const rest = weight.shape.slice(1).map((_, d) => d + 1);
      const sizes = graph.node('Abs', [w]);
      const most = graph.node('ReduceMax', [sizes, graph.integers(rest)], { keepdims: 1 });
      const scale = graph.node('Div', [most, graph.scalar(127)]);
      const line = graph.node('Reshape', [scale, graph.integers([-1])]);
      const q = graph.node('QuantizeLinear', [w, line], { axis: 0, output_dtype: typeCode('i8') });
      const dequant = graph.node('DequantizeLinear', [q, line], { axis: 0 });
      // One row is no axis to Quanto: its scale is that of all.
      return { q: { value: q, type: 'i8' }, scale: weight.shape[0] === 1 ? line : scale, dequant };
    },
    ({ params: { qtype, axis } }) =>
      qtype === 'qint8' && axis === 0
        ? ONE_SETTING
        : { reason: `ONNX has no operator that quantizes as Quanto's ${qtype}` },
  ),
  operator(
    absMean,
    ({ graph, fed, tensors: { weight }, params: { factor, per_channel } }) => {
      const sizes = graph.node('Abs', [fed('weight')]);
      const axes = weight.shape.map((_, d) => d).slice(per_channel ? 1 : 0);
      if (axes.length === 0) return { mean: graph.node('Mul', [sizes, graph.scalar(factor)]) };
      const mean = graph.node('ReduceMean', [sizes, graph.integers(axes)], { keepdims: 0 });
      const whole = graph.node('Reshape', [mean, graph.integers([-1])]);
      return { mean: graph.node('Mul', [whole, graph.scalar(factor)]) };
    },
    ({ tensors: { limit } }) =>
      limit ? { reason: 'ONNX has no mean of the elements above a limit' } : ONE_SETTING,
  ),
];

import { isFloat } from '../../../../src/tensor/dtype.ts';
import type { HostTensor } from '../../../../src/tensor/host.ts';
import type { Binary } from '../../../../src/vocabulary/binary.ts';
import type { Unary } from '../../../../src/vocabulary/elementwise.ts';
import { cast } from '../../../../src/vocabulary/math/cast.ts';
import { clamp } from '../../../../src/vocabulary/math/clamp.ts';
import { clip } from '../../../../src/vocabulary/math/clip.ts';
import { div } from '../../../../src/vocabulary/math/div.ts';
import { gelu } from '../../../../src/vocabulary/math/gelu.ts';
import { maskedFill } from '../../../../src/vocabulary/math/masked_fill.ts';
import { relu6 } from '../../../../src/vocabulary/math/relu6.ts';
import { rsqrt } from '../../../../src/vocabulary/math/rsqrt.ts';
import { where } from '../../../../src/vocabulary/math/where.ts';
import { silu } from '../../../../src/vocabulary/nn/silu.ts';
import { signatureOf } from '../../../../src/vocabulary/registry.ts';
import { typeCode } from '../graph.ts';
import { ONE_SETTING, operator } from '../operator.ts';

/** ONNX's names of functions of one tensor x. */
const UNARY = {
  abs: 'Abs',
  erf: 'Erf',
  exp: 'Exp',
  log: 'Log',
  relu: 'Relu',
  sigmoid: 'Sigmoid',
  sqrt: 'Sqrt',
  tanh: 'Tanh',
};

/** ONNX's names of functions of two tensors a and b, which broadcast. */
const BINARY = {
  accumulate_grad: 'Add',
  add: 'Add',
  maximum: 'Max',
  minimum: 'Min',
  mul: 'Mul',
  pow: 'Pow',
  sub: 'Sub',
};

export const operators = [
  ...Object.entries(UNARY).map(([op, node]) =>
    operator(signatureOf(op) as Unary, ({ graph, fed }) => ({ y: graph.node(node, [fed('x')]) })),
  ),
  ...Object.entries(BINARY).map(([op, node]) => ({
    ...operator(signatureOf(op) as Binary, ({ graph, fed, kept, tensors: { a, b } }) => {
      // ONNX takes operands of one type: codes beside floats become floats, as they do in torch.
      // Codes are parts of the model, as those of a weight are.
      const type = isFloat(a.dtype) ? a.dtype : b.dtype;
      const operand = (name: 'a' | 'b', { dtype }: HostTensor) =>
        dtype === type ? fed(name) : graph.node('Cast', [kept(name)], { to: typeCode(type) });
      return { y: { value: graph.node(node, [operand('a', a), operand('b', b)]), type } };
    }),
    promotes: true as const,
  })),
  operator(
    div,
    ({ graph, fed, params: { rounding_mode } }) => {
      const quotient = graph.node('Div', [fed('a'), fed('b')]);
      return { y: rounding_mode ? graph.node('Floor', [quotient]) : quotient };
    },
    ({ params: { rounding_mode } }) =>
      rounding_mode === 'trunc' ? { reason: 'ONNX rounds no quotients to zero' } : ONE_SETTING,
  ),
  {
    ...operator(
      cast,
      ({ graph, fed, params: { to } }) => {
        const type = to === 'float16' ? 'f16' : 'f32';
        return { y: { value: graph.node('Cast', [fed('x')], { to: typeCode(type) }), type } };
      },
      ({ params: { to } }) =>
        to === 'float16' || to === 'float32'
          ? ONE_SETTING
          : { reason: `onnxruntime-web is not asked for tensors of ${to}` },
    ),
    copies: true as const,
  },
  operator(rsqrt, ({ graph, fed }) => ({
    y: graph.node('Reciprocal', [graph.node('Sqrt', [fed('x')])]),
  })),
  operator(relu6, ({ graph, fed, tensors: { x } }) => ({
    y: graph.node('Clip', [fed('x'), graph.scalar(0, x.dtype), graph.scalar(6, x.dtype)]),
  })),
  operator(clip, ({ graph, fed, tensors: { x }, params: { min, max } }) => {
    const bound = (n: number | undefined) =>
      n === undefined ? undefined : graph.scalar(n, x.dtype);
    return { y: graph.node('Clip', [fed('x'), bound(min), bound(max)]) };
  }),
  operator(clamp, ({ graph, fed, tensors: { min, max } }) => {
    const above = min ? graph.node('Max', [fed('x'), fed('min')]) : fed('x');
    return { y: max ? graph.node('Min', [above, fed('max')]) : above };
  }),
  operator(gelu, ({ graph, fed, params: { approximate } }) => ({
    y: graph.node('Gelu', [fed('x')], { approximate }),
  })),
  operator(silu, ({ graph, fed }) => {
    const x = fed('x');
    return { y: graph.node('Mul', [x, graph.node('Sigmoid', [x])]) };
  }),
  operator(where, ({ graph, fed, tensors: { a } }) => ({
    y: {
      value: graph.node('Where', [fed('condition', 'bool'), fed('a'), fed('b')]),
      type: a.dtype,
    },
  })),
  operator(maskedFill, ({ graph, fed, tensors: { x }, params: { value } }) => ({
    y: graph.node('Where', [fed('mask', 'bool'), graph.scalar(value, x.dtype), fed('x')]),
  })),
];

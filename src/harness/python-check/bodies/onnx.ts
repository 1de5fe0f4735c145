import { type Bodies, type Body, type Params, TORCH } from '../body.ts';
import { literal } from '../literal.ts';

const RUNTIME = [
  ...TORCH,
  'import numpy as np',
  'import onnx, onnxruntime',
  'from onnx import helper',
];

/**
 * A model of one node, run by ONNX Runtime. Inputs in ONNX's order; attributes; constants that are
 * inputs to ONNX.
 */
function node(
  type: string,
  inputs: readonly string[],
  attributes: Params = {},
  constants: readonly string[] = [],
  { output = 'y', domain = '' }: { readonly output?: string; readonly domain?: string } = {},
): Body {
  const known = Object.fromEntries(
    Object.entries(attributes).filter(([, value]) => value !== undefined),
  );
  const stated = Object.entries(known).map(
    ([name, value]) => `${literal(name)}: ${literal(value)}`,
  );
  return {
    imports: RUNTIME,
    lines: [
      `feeds = {name: x[name].numpy() for name in ${literal(inputs)} if name in x}`,
      ...constants.map((constant) => `feeds |= ${constant}`),
      `node = helper.make_node(${literal(type)}, list(feeds), [${literal(output)}], ${domain ? `domain=${literal(domain)}, ` : ''}**{${stated.join(', ')}})`,
      'inputs = [helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape) for name, v in feeds.items()]',
      `graph = helper.make_graph([node], "op", inputs, [onnx.ValueInfoProto(name=${literal(output)})])`,
      'model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 23), helper.make_opsetid("com.microsoft", 1)], ir_version=11)',
      'session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])',
      `got = {${literal(output)}: torch.from_numpy(session.run(None, feeds)[0])}`,
    ],
  };
}

const bit = (flag: unknown): number => (flag ? 1 : 0);
const reduction =
  (type: string) =>
  ({ axes, keepdims }: Params) =>
    node(type, ['x'], { keepdims: bit(keepdims), noop_with_empty_axes: 1 }, [
      `{"axes": np.array(${literal(axes)}, np.int64)}`,
    ]);
const pool =
  (type: string) =>
  ({ kernel, stride, padding, dilation, ceil_mode, count_include_pad }: Params) =>
    node(type, ['x'], {
      kernel_shape: kernel,
      strides: stride ?? kernel,
      pads: padding,
      dilations: dilation,
      ceil_mode: bit(ceil_mode),
      count_include_pad: type === 'AveragePool' ? bit(count_include_pad) : undefined,
    });

/** ONNX Runtime's own operator, with sums in float32. */
function matMulNBits({ bits, block_size, out_features, in_features }: Params): Body {
  const attributes = { K: in_features, N: out_features, bits, block_size, accuracy_level: 0 };
  const inputs = ['x', 'packed', 'scales', 'zero_points'];
  return node('MatMulNBits', inputs, attributes, [], { domain: 'com.microsoft' });
}

/** What ONNX Runtime computes. */
export const onnxruntime: Bodies = {
  matmul: ({ transpose_a, transpose_b, alpha = 1, beta = 1 }) =>
    transpose_a || transpose_b || alpha !== 1 || beta !== 1
      ? node('Gemm', ['a', 'b', 'bias'], {
          transA: bit(transpose_a),
          transB: bit(transpose_b),
          alpha,
          beta,
        })
      : node('MatMul', ['a', 'b']),
  softmax: ({ axis }) => node('Softmax', ['x'], { axis }),
  log_softmax: ({ axis }) => node('LogSoftmax', ['x'], { axis }),
  layer_norm: ({ axis, eps }) =>
    node('LayerNormalization', ['x', 'weight', 'bias'], { axis, epsilon: eps }),
  sigmoid: () => node('Sigmoid', ['x']),
  gelu: ({ approximate }) => node('Gelu', ['x'], { approximate }),
  div: () => node('Div', ['a', 'b']),
  reduce_sum: reduction('ReduceSum'),
  reduce_mean: reduction('ReduceMean'),
  reduce_max: reduction('ReduceMax'),
  argmax: ({ axis, keepdims, select_last_index }) =>
    node('ArgMax', ['x'], {
      axis,
      keepdims: bit(keepdims),
      select_last_index: bit(select_last_index),
    }),
  gather: ({ axis }) => node('Gather', ['x', 'indices'], { axis }),
  conv2d: ({ stride, padding, dilation, groups }) =>
    node('Conv', ['x', 'weight', 'bias'], {
      strides: stride,
      pads: padding,
      dilations: dilation,
      group: groups,
    }),
  max_pool2d: pool('MaxPool'),
  avg_pool2d: pool('AveragePool'),
  quantize_linear: ({ axis, block_size }) =>
    node('QuantizeLinear', ['x', 'scale', 'zero_point'], { axis, block_size }, [], { output: 'q' }),
  quantize_nbits: ({ bits, block_size, symmetric }) => ({
    imports: [...TORCH, 'import numpy as np', 'from onnxruntime.capi import _pybind_state'],
    lines: [
      `bits, block, symmetric = ${literal(bits)}, ${literal(block_size)}, ${literal(symmetric)}`,
      'w = x["weight"].float() if x["weight"].dtype == torch.bfloat16 else x["weight"]',
      'rows, columns = w.shape',
      'blocks = -(-columns // block)',
      'w = torch.nn.functional.pad(w, (0, blocks * block - columns)).T.contiguous().numpy()',
      'packed, scales = np.zeros((rows, blocks, block * bits // 8), np.uint8), np.zeros((rows, blocks), w.dtype)',
      'zeros = np.zeros((rows, -(-blocks * bits // 8)), np.uint8)',
      'getattr(_pybind_state, f"quantize_matmul_{bits}bits")(packed, w, scales, zeros, block, rows, columns, symmetric)',
      'got = {"packed": torch.from_numpy(packed), "scales": torch.from_numpy(scales)}',
      'if not symmetric: got["zero_points"] = torch.from_numpy(zeros)',
    ],
  }),
  dequantize_nbits: (params) => {
    const { imports, lines } = matMulNBits(params);
    return {
      imports,
      lines: [
        `x["x"] = torch.eye(${literal(params['in_features'])}, dtype=x["scales"].dtype)`,
        ...lines,
        'got["y"] = got["y"].T',
      ],
    };
  },
  matmul_nbits: (params) => matMulNBits(params),
};

/** Outputs of the vocabulary whose name is not y. */
const OUTPUTS: Readonly<Record<string, string>> = {
  quantize_linear: 'q',
  cross_entropy: 'loss',
  nll_loss: 'loss',
};

/** The node test of ONNX that a bundle was made of: what it expects is what the bundle holds. */
export function nodeTest(op: string, file: string): Body | undefined {
  if (op === 'optimizer_steps') return undefined;
  const name = file.replace(/^onnx_/, 'test_').replace(/\.safetensors$/, '');
  const output = literal(OUTPUTS[op] ?? 'y');
  return {
    imports: [
      ...TORCH,
      'import numpy as np',
      'from onnx import numpy_helper',
      'from onnx.backend.test.case.node import collect_testcases',
    ],
    lines: [
      `test = next(case for case in collect_testcases(None) if case.name == ${literal(name)})`,
      'inputs, (y, *_) = test.data_sets[0]  # of test.model, which has one node',
      'y = y if hasattr(y, "dtype") else numpy_helper.to_array(y)',
      `got = {${output}: torch.from_numpy(np.array(y, np.float64))}`,
      // The bundle has past keys before the new ones, by heads, and so it has what comes of them.
      ...(op === 'scaled_dot_product_attention'
        ? [
            'if t["out.y"].ndim > y.ndim: got["y"] = got["y"].unflatten(-1, (t["out.y"].shape[1], -1)).transpose(1, 2)',
          ]
        : []),
    ],
    ownGradients: true,
  };
}

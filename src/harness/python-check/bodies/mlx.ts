import { type Bodies, type Body, type Params, TORCH } from '../body.ts';
import { literal } from '../literal.ts';

const IMPORTS = ['import mlx.core as mx', 'import mlx.nn as nn', 'import numpy as np', ...TORCH];

/** y as a function of the inputs, with the gradients that MLX finds itself. */
const function_ = (expression: string): Body => ({
  imports: IMPORTS,
  lines: [
    'm = {name: mx.array(v.numpy()) for name, v in x.items()}',
    `f = lambda m: ${expression}`,
    'names = [name[9:] for name in t if name.startswith("out.grad.")]',
    'ys, grads = mx.vjp(lambda *v: [f({**m, **dict(zip(names, v))})], [m[name] for name in names], [mx.array(v.numpy()) for name, v in t.items() if name == "in.grad.y"]) if names else ([f(m)], [])',
    'got = {name: torch.from_numpy(np.array(v)) for name, v in zip(["y", *("grad." + name for name in names)], [*ys, *grads])}',
  ],
  ownGradients: true,
});

/** What MLX computes on its own device. */
export const mlx: Bodies = {
  mlx_quantize: ({ mode, bits, group_size }) => ({
    imports: IMPORTS,
    lines: [
      `arguments = {"mode": ${literal(mode)}, "bits": ${literal(bits)}, "group_size": ${literal(group_size)}}`,
      'parts = mx.quantize(mx.array(x["weight"].numpy()), **arguments)',
      'got = {"dequant": torch.from_numpy(np.array(mx.dequantize(*parts, **arguments).astype(mx.float32)))}',
    ],
  }),
  matmul: ({ transpose_a, transpose_b, alpha = 1, beta = 1 }) =>
    alpha === 1 && beta === 1
      ? function_(
          `m["a"]${transpose_a ? '.swapaxes(-1, -2)' : ''} @ m["b"]${transpose_b ? '.swapaxes(-1, -2)' : ''} + m.get("bias", 0)`,
        )
      : undefined,
  swiglu_mlp: () =>
    function_('(nn.silu(m["x"] @ m["gate"].T) * (m["x"] @ m["up"].T)) @ m["down"].T'),
  softmax: ({ axis }) => function_(`mx.softmax(m["x"], ${literal(axis)}, precise=True)`),
  rms_norm: ({ eps }) => function_(`mx.fast.rms_norm(m["x"], m["weight"], ${literal(eps)})`),
  layer_norm: ({ eps }) =>
    function_(`mx.fast.layer_norm(m["x"], m["weight"], m.get("bias"), ${literal(eps)})`),
  silu: () => function_('nn.silu(m["x"])'),
  relu: () => function_('nn.relu(m["x"])'),
  sigmoid: () => function_('nn.sigmoid(m["x"])'),
  gelu: ({ approximate }) =>
    function_(approximate === 'tanh' ? 'nn.gelu_approx(m["x"])' : 'nn.gelu(m["x"])'),
  scaled_dot_product_attention: ({ causal, scale }: Params) =>
    function_(
      `mx.fast.scaled_dot_product_attention(m["q"], m["k"], m["v"], scale=${
        scale === undefined ? 'm["q"].shape[-1] ** -0.5' : literal(scale)
      }, mask=${causal ? '"causal"' : 'm.get("mask")'})`,
    ),
};

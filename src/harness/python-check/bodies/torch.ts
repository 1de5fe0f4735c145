import {
  type Bodies,
  type Body,
  FUNCTIONAL,
  given,
  optional,
  type Params,
  TORCH,
  y,
} from '../body.ts';
import { literal } from '../literal.ts';

/** A loss of pairs, whose parameters are torch's. */
const pairs =
  (name: string) =>
  (params: Params): Body => ({
    imports: FUNCTIONAL,
    lines: [`got = {"loss": F.${name}(x["input"], x["target"], ${given(params)})}`],
  });

/** Layers, losses and products of PyTorch. */
export const torch: Bodies = {
  matmul: ({ transpose_a, transpose_b, alpha = 1, beta = 1 }) => {
    const times = (factor: unknown) => (factor === 1 ? '' : `${literal(factor)} * `);
    // Of a bias times 0 torch.addmm reads nothing.
    const sum = beta === 0 ? 'y' : `y + ${times(beta)}x["bias"] if "bias" in x else y`;
    return {
      imports: TORCH,
      lines: [
        `a, b = x["a"]${transpose_a ? '.mT' : ''}, x["b"]${transpose_b ? '.mT' : ''}`,
        `y = ${times(alpha)}(a @ b)`,
        `got = {"y": ${sum}}`,
      ],
    };
  },
  swiglu_mlp: () =>
    y('F.linear(F.silu(F.linear(x["x"], x["gate"])) * F.linear(x["x"], x["up"]), x["down"])'),
  softmax: ({ axis }) => y(`F.softmax(x["x"], ${literal(axis)})`),
  log_softmax: ({ axis }) => y(`F.log_softmax(x["x"], ${literal(axis)})`),
  relu: () => y('F.relu(x["x"])'),
  silu: () => y('F.silu(x["x"])'),
  sigmoid: () => y('torch.sigmoid(x["x"])'),
  gelu: ({ approximate }) => y(`F.gelu(x["x"], approximate=${literal(approximate ?? 'none')})`),
  rms_norm: ({ eps }) =>
    y(`F.rms_norm(x["x"], x["weight"].shape, x["weight"], eps=${literal(eps)}) + x.get("bias", 0)`),
  layer_norm: ({ eps }) =>
    y(
      `F.layer_norm(x["x"], x["weight"].shape, x["weight"], ${optional('bias')}, eps=${literal(eps)})`,
    ),
  batch_norm: ({ training, momentum, eps }) => ({
    imports: FUNCTIONAL,
    lines: [
      'mean, var = x["running_mean"].clone(), x["running_var"].clone()',
      `got = {"y": F.batch_norm(x["x"], mean, var, x["weight"], x["bias"], ${given({ training, momentum, eps })})}`,
      'got |= {"running_mean": mean, "running_var": var}',
    ],
  }),
  embedding: ({ padding_idx }) =>
    y(`F.embedding(x["ids"].long(), x["weight"], ${literal(padding_idx)})`),
  rotary_embedding: ({ theta, head_dim, convention }) => ({
    imports: TORCH,
    lines: [
      `inverse = 1 / ${literal(theta)} ** (torch.arange(0, ${literal(head_dim)}, 2).float() / ${literal(head_dim)})`,
      'angles = x["position_ids"].float()[..., None] * inverse',
      'if angles.ndim == 3: angles = angles[:, None]',
      ...turn(convention),
      'got = {name: turn(x[name], angles.cos(), angles.sin()) for name in ("q", "k")}',
    ],
  }),
  rotary_embedding_cache: ({ convention, heads }) => ({
    imports: TORCH,
    lines: [
      `h = x["x"] if x["x"].ndim == 4 else x["x"].unflatten(-1, (${literal(heads)}, -1)).transpose(1, 2)`,
      'cos, sin = (x[name][x["position_ids"].long()] if "position_ids" in x else x[name] for name in ("cos", "sin"))',
      'd = 2 * cos.shape[-1]',
      ...turn(convention),
      'y = torch.cat([turn(h[..., :d], cos[:, None], sin[:, None]), h[..., d:]], -1)',
      'got = {"y": y if x["x"].ndim == 4 else y.transpose(1, 2).flatten(2)}',
    ],
  }),
  scaled_dot_product_attention: attention,
  cross_entropy: ({ ignore_index, label_smoothing, reduction, shift }) => ({
    imports: FUNCTIONAL,
    lines: [
      shift
        ? 'logits, labels = x["logits"][:, :-1].movedim(-1, 1), x["labels"][:, 1:].long()'
        : 'logits, labels = x["logits"], x["labels"].long()',
      `got = {"loss": F.cross_entropy(logits, labels, ${optional('weight')}, ${given({ ignore_index, label_smoothing, reduction })})}`,
      `got["log_probs"] = x["logits"].log_softmax(${shift ? -1 : 1})`,
    ],
  }),
  cross_entropy_prob_target: (params) => ({
    imports: FUNCTIONAL,
    lines: [
      `got = {"loss": F.cross_entropy(x["logits"], x["target"], ${optional('weight')}, ${given(params)})}`,
    ],
  }),
  mse_loss: pairs('mse_loss'),
  l1_loss: pairs('l1_loss'),
  smooth_l1_loss: pairs('smooth_l1_loss'),
  huber_loss: pairs('huber_loss'),
  kl_div: pairs('kl_div'),
  bce_with_logits: ({ reduction }) => ({
    imports: FUNCTIONAL,
    lines: [
      `got = {"loss": F.binary_cross_entropy_with_logits(x["input"], x["target"], ${optional('weight')}, pos_weight=${optional('pos_weight')}, ${given({ reduction })})}`,
    ],
  }),
  nll_loss: ({ ignore_index, reduction }) => ({
    imports: FUNCTIONAL,
    lines: [
      `got = {"loss": F.nll_loss(x["log_probs"], x["labels"].long(), ${optional('weight')}, ${given({ ignore_index, reduction })})}`,
    ],
  }),
};

/** The rotation of pairs of coordinates. */
function turn(convention: unknown): readonly string[] {
  return convention === 'interleaved'
    ? [
        'def turn(v, cos, sin):',
        '    a, b = v[..., 0::2], v[..., 1::2]',
        '    return torch.stack([a * cos - b * sin, b * cos + a * sin], -1).flatten(-2)',
      ]
    : [
        'def turn(v, cos, sin):',
        '    a, b = v.chunk(2, -1)',
        '    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)',
      ];
}

/**
 * torch's own function where it has the case; what caps the scores, or a row that sees no key,
 * written out.
 */
function attention({ causal, scale, heads, kv_heads, softcap }: Params): Body {
  const flat = heads !== undefined;
  return {
    imports: FUNCTIONAL,
    lines: [
      flat
        ? `q, k, v = (h if h.ndim == 4 else h.unflatten(-1, (n, -1)).transpose(1, 2) for h, n in ((x["q"], ${literal(heads)}), (x["k"], ${literal(kv_heads ?? heads)}), (x["v"], ${literal(kv_heads ?? heads)})))`
        : 'q, k, v = x["q"], x["k"], x["v"]',
      'mask = x.get("mask")',
      'if mask is not None and not mask.is_floating_point(): mask = torch.zeros(mask.shape).masked_fill(mask == 0, -torch.inf)',
      ...(causal
        ? [
            'seen = torch.ones(q.shape[-2], k.shape[-2]).tril() == 1',
            'mask = (torch.zeros(seen.shape) if mask is None else mask).masked_fill(~seen, -torch.inf)',
          ]
        : []),
      ...(softcap === undefined
        ? [
            `y = F.scaled_dot_product_attention(q, k, v, mask, scale=${literal(scale)}, enable_gqa=True)`,
            'if mask is not None: y = y.masked_fill((mask == -torch.inf).all(-1, keepdim=True), 0.0)',
          ]
        : [
            'k, v = (h.repeat_interleave(q.shape[1] // h.shape[1], 1) for h in (k, v))',
            `s = q @ k.mT * ${scale === undefined ? 'q.shape[-1] ** -0.5' : literal(scale)}`,
            `s = ${literal(softcap)} * torch.tanh(s / ${literal(softcap)}) + (0 if mask is None else mask)`,
            'y = s.softmax(-1) @ v',
          ]),
      'got = {"y": y if x["q"].ndim == 4 else y.transpose(1, 2).flatten(2)}',
    ],
  };
}

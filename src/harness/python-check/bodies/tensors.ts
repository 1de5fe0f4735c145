import { type Bodies, type Body, given, type Params, TORCH, y } from '../body.ts';
import { literal } from '../literal.ts';

const reduction =
  (name: string) =>
  ({ axes, keepdims }: Params): Body =>
    y(
      (axes as readonly number[]).length === 0
        ? 'x["x"].clone()'
        : `x["x"].${name}(${literal(axes)}, keepdim=${literal(keepdims)})`,
    );

const deviation =
  (name: string) =>
  ({ axes, keepdims, correction }: Params): Body =>
    y(
      `x["x"].${name}(${literal(axes)}, correction=${literal(correction)}, keepdim=${literal(keepdims)})`,
    );

/** A function of torch of these tensors. */
const torchOf =
  (name: string, ...operands: readonly string[]) =>
  (): Body =>
    y(`torch.${name}(${operands.map((operand) => `x[${literal(operand)}]`).join(', ')})`);

/**
 * Tensor operations of PyTorch, with ONNX's meaning where torch's differs; optimizers and what is
 * around them.
 */
export const tensors: Bodies = {
  add: () => y('x["a"] + x["b"]'),
  sub: () => y('x["a"] - x["b"]'),
  mul: () => y('x["a"] * x["b"]'),
  div: ({ rounding_mode: mode }) =>
    y(
      mode === undefined
        ? 'x["a"] / x["b"]'
        : `torch.div(x["a"], x["b"], rounding_mode=${literal(mode)})`,
    ),
  exp: torchOf('exp', 'x'),
  log: torchOf('log', 'x'),
  sqrt: torchOf('sqrt', 'x'),
  rsqrt: torchOf('rsqrt', 'x'),
  tanh: torchOf('tanh', 'x'),
  abs: torchOf('abs', 'x'),
  erf: torchOf('erf', 'x'),
  pow: torchOf('pow', 'a', 'b'),
  maximum: torchOf('maximum', 'a', 'b'),
  minimum: torchOf('minimum', 'a', 'b'),
  where: () => y('torch.where(x["condition"] != 0, x["a"], x["b"])'),
  masked_fill: ({ value }) => y(`torch.masked_fill(x["x"], x["mask"] != 0, ${literal(value)})`),
  clamp: () => y('x["x"].clamp(x.get("min"), x.get("max"))'),
  clip: ({ min, max }) =>
    y(
      min === undefined && max === undefined
        ? 'x["x"].clone()'
        : `x["x"].clamp(${literal(min)}, ${literal(max)})`,
    ),
  cast: ({ to }) => y(`x["x"].to(getattr(torch, ${literal(to)}))`),
  reduce_sum: reduction('sum'),
  reduce_mean: reduction('mean'),
  reduce_max: reduction('amax'),
  logsumexp: reduction('logsumexp'),
  var: deviation('var'),
  std: deviation('std'),
  cumsum: ({ dim }) => y(`x["x"].cumsum(${literal(dim)})`),
  topk: ({ k, axis, largest, sorted }) => ({
    imports: TORCH,
    lines: [
      `values, indices = x["x"].topk(${literal(k)}, ${literal(axis)}, ${literal(largest)}, ${literal(sorted)})`,
      'got = {"values": values, "indices": indices}',
    ],
  }),
  argmax: ({ axis, keepdims, select_last_index }) =>
    y(
      select_last_index
        ? `x["x"].shape[${literal(axis)}] - 1 - x["x"].flip(${literal(axis)}).argmax(${literal(axis)}, keepdim=${literal(keepdims)})`
        : `x["x"].argmax(${literal(axis)}, keepdim=${literal(keepdims)})`,
    ),
  transpose: ({ perm }) => y(`x["x"].permute(${literal(perm)})`),
  concat: ({ axis }) => y(`torch.cat([x[f"x{i}"] for i in range(len(x))], ${literal(axis)})`),
  gather: ({ axis }) => ({
    imports: TORCH,
    lines: [
      `d, i = ${literal(axis)} % x["x"].ndim, x["indices"].long() % x["x"].shape[${literal(axis)}]`,
      'got = {"y": x["x"].index_select(d, i.flatten()).unflatten(d, i.shape)}',
    ],
  }),
  take_along_dim: ({ dim }) => ({
    imports: TORCH,
    lines: [
      `d, i = ${literal(dim)} % x["x"].ndim, x["indices"].long()`,
      'meet = all(k == d or n == m or 1 in (n, m) for k, (n, m) in enumerate(zip(x["x"].shape, i.shape)))',
      'got = {"y": torch.take_along_dim(x["x"], i, d) if meet else x["x"].gather(d, i)}',
    ],
  }),
  scatter_add: ({ dim }) => y(`x["x"].scatter_add(${literal(dim)}, x["indices"].long(), x["src"])`),
  index_add: ({ dim, alpha }) =>
    y(`x["x"].index_add(${literal(dim)}, x["index"], x["source"], ${given({ alpha })})`),
  group_norm: ({ num_groups, eps }) =>
    y(
      `F.group_norm(x["x"], ${literal(num_groups)}, x.get("weight"), x.get("bias"), ${literal(eps)})`,
    ),
  instance_norm: ({ eps }) =>
    y(`F.instance_norm(x["x"], weight=x.get("weight"), bias=x.get("bias"), eps=${literal(eps)})`),
  pad: ({ pad, mode, value }) =>
    y(
      `F.pad(x["x"], ${literal(pad)}, ${literal(mode ?? 'constant')}, ${mode && mode !== 'constant' ? 'None' : literal(value ?? 0)})`,
    ),
  conv2d: ({ stride, padding, dilation, groups }) =>
    y(
      `F.conv2d(${padded(padding)}, x["weight"], x.get("bias"), ${given({ stride, dilation, groups })})`,
    ),
  conv1d: ({ stride, padding, dilation, groups }) =>
    y(
      `F.conv1d(F.pad(x["x"], ${literal(padding)}), x["weight"], x.get("bias"), ${given({ stride, dilation, groups })})`,
    ),
  conv_transpose2d: ({ stride, padding, output_padding, dilation, groups }) =>
    y(
      `F.conv_transpose2d(x["x"], x["weight"], x.get("bias"), padding=${even(padding)}, ${given({ stride, output_padding, dilation, groups })})`,
    ),
  max_pool2d: ({ kernel, stride, padding, dilation, ceil_mode }) =>
    y(
      ceil_mode
        ? `F.max_pool2d(x["x"], ${literal(kernel)}, ${literal(stride ?? kernel)}, ${even(padding)}, ${given({ dilation, ceil_mode })})`
        : `F.max_pool2d(${padded(padding, '-torch.inf')}, ${literal(kernel)}, ${literal(stride ?? kernel)}, ${given({ dilation })})`,
    ),
  avg_pool2d: ({ kernel, stride, padding, ceil_mode, count_include_pad }) =>
    y(
      `F.avg_pool2d(x["x"], ${literal(kernel)}, ${literal(stride ?? kernel)}, ${even(padding)}, ${given({ ceil_mode, count_include_pad })})`,
    ),
  global_avg_pool2d: () => y('F.adaptive_avg_pool2d(x["x"], 1)'),
  optimizer_steps: optimizer,
  clip_grad_norm: ({ max_norm }) => ({
    imports: TORCH,
    lines: [
      'leaves = [torch.nn.Parameter(torch.zeros_like(x[f"g{i}"])) for i in range(len(x))]',
      'for i, leaf in enumerate(leaves): leaf.grad = x[f"g{i}"].clone()',
      `norm = torch.nn.utils.clip_grad_norm_(leaves, ${literal(max_norm)}, foreach=False)`,
      'got = {"norm": norm, **{f"g{i}": leaf.grad for i, leaf in enumerate(leaves)}}',
    ],
  }),
  grad_scaler: ({ init_scale, growth_factor, backoff_factor, growth_interval, lr }) => ({
    imports: TORCH,
    lines: [
      `scaler = torch.amp.GradScaler(x["found_inf"].device.type, ${given({ init_scale, growth_factor, backoff_factor, growth_interval })})`,
      'p, scales, values = torch.nn.Parameter(torch.zeros(1)), [], []',
      `optimizer = torch.optim.SGD([p], lr=${literal(lr ?? 0)})`,
      'for found in x["found_inf"].tolist():',
      '    optimizer.zero_grad()',
      '    scaler.scale(p.sum() * (float("inf") if found else 1.0)).backward()',
      '    scaler.step(optimizer)',
      '    scaler.update()',
      '    scales.append(scaler.get_scale())',
      '    values.append(p.item())',
      'got = {"scale": torch.tensor(scales), "param": torch.tensor(values)}',
    ],
  }),
};

/**
 * The input with its padding, which may differ from side to side, written out: [top, left, bottom,
 * right].
 */
function padded(padding: unknown, value = '0.0'): string {
  const [top, left, bottom, right] = padding as readonly number[];
  return `F.pad(x["x"], [${left}, ${right}, ${top}, ${bottom}], value=${value})`;
}

/** Padding that is the same before and after, as torch takes it. */
function even(padding: unknown): string {
  const [top, left] = padding as readonly number[];
  return `[${top}, ${left}]`;
}

const ADAM = ['lr', 'betas', 'eps', 'weight_decay', 'amsgrad', 'maximize'];
/** Names of the optimizers in torch, and which of the recorded parameters each takes. */
const OPTIMIZERS: Readonly<Record<string, readonly [name: string, takes: readonly string[]]>> = {
  adamw: ['AdamW', ADAM],
  adam: ['Adam', ADAM],
  sgd: ['SGD', ['lr', 'momentum', 'dampening', 'weight_decay', 'nesterov', 'maximize']],
  adadelta: ['Adadelta', ['lr', 'rho', 'eps', 'weight_decay', 'maximize']],
  rmsprop: ['RMSprop', ['lr', 'alpha', 'eps', 'weight_decay', 'momentum', 'centered', 'maximize']],
  nadam: [
    'NAdam',
    [
      ...['lr', 'betas', 'eps', 'weight_decay', 'momentum_decay'],
      ...['decoupled_weight_decay', 'maximize'],
    ],
  ],
  muon: [
    'Muon',
    [
      ...['lr', 'weight_decay', 'momentum', 'nesterov'],
      ...['ns_coefficients', 'eps', 'ns_steps', 'adjust_lr_fn'],
    ],
  ],
  radam: ['RAdam', ['lr', 'betas', 'eps', 'weight_decay', 'decoupled_weight_decay', 'maximize']],
};

function optimizer(params: Params): Body | undefined {
  const [name, takes] = OPTIMIZERS[String(params['optimizer'])] ?? [];
  if (!name || !takes) return undefined;
  const known = Object.fromEntries(takes.map((key) => [key, params[key]]));
  return { imports: TORCH, lines: steps(`torch.optim.${name}([p], ${given(known)})`) };
}

/** The parameter after each step of an optimizer. */
export function steps(made: string): readonly string[] {
  return [
    'p = torch.nn.Parameter(x["param"].clone())',
    `optimizer, steps = ${made}, []`,
    'for grad in x["grads"]:',
    '    p.grad = grad.clone()',
    '    optimizer.step()',
    '    steps.append(p.detach().clone())',
    'got = {"trajectory": torch.stack(steps)}',
  ];
}

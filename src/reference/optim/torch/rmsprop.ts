import type { optimizerSteps } from '../../../vocabulary/optim/optimizer_steps.ts';
import { TORCH_DEFAULTS } from '../../../vocabulary/optim/torch-defaults.ts';
import type { ParamsOf } from '../../../vocabulary/signature.ts';
import { type Rule, ruleOfMovement } from '../movement.ts';

/** torch.optim.RMSprop: `grad_avg` where it is centered, `momentum_buffer` where it has momentum. */
export function rmsprop(params: ParamsOf<typeof optimizerSteps>): Rule {
  const { lr, alpha, eps, weight_decay, momentum, centered } = {
    ...TORCH_DEFAULTS.rmsprop,
    ...params,
  };
  const hasBuffer = momentum > 0;
  return ruleOfMovement({
    state: ['square_avg', 'grad_avg', 'momentum_buffer'],
    unused: [
      ...(centered ? [] : (['grad_avg'] as const)),
      ...(hasBuffer ? [] : (['momentum_buffer'] as const)),
    ],
    scalars: () => ({ lr, l2: weight_decay, alpha, rest: 1 - alpha, eps, momentum }),
    move: ({ add, sub, mul, mulAdd, div, root }, before, grad, s) => {
      const g = mulAdd(s.l2, before.param, grad);
      const square_avg = mulAdd(s.alpha, before.square_avg, mul(s.rest, mul(g, g)));
      const towards = mulAdd(s.rest, sub(g, before.grad_avg), before.grad_avg);
      const [grad_avg, variance] = centered
        ? [towards, sub(square_avg, mul(towards, towards))]
        : [before.grad_avg, square_avg];
      const own = div(g, add(root(variance), s.eps));
      const along = hasBuffer ? mulAdd(s.momentum, before.momentum_buffer, own) : own;
      const param = sub(before.param, mul(s.lr, along));
      return { param, square_avg, grad_avg, momentum_buffer: along };
    },
  });
}

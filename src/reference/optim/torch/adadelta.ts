import type { optimizerSteps } from '../../../vocabulary/optim/optimizer_steps.ts';
import { TORCH_DEFAULTS } from '../../../vocabulary/optim/torch-defaults.ts';
import type { ParamsOf } from '../../../vocabulary/signature.ts';
import { type Rule, ruleOfMovement } from '../movement.ts';

/** torch.optim.Adadelta. */
export function adadelta(params: ParamsOf<typeof optimizerSteps>): Rule {
  const { lr, rho, eps, weight_decay } = { ...TORCH_DEFAULTS.adadelta, ...params };
  return ruleOfMovement({
    state: ['square_avg', 'acc_delta'],
    scalars: () => ({ lr, l2: weight_decay, rho, rest: 1 - rho, eps }),
    move: ({ add, sub, mul, mulAdd, div, root }, before, grad, s) => {
      const g = mulAdd(s.l2, before.param, grad);
      const square_avg = mulAdd(s.rho, before.square_avg, mul(s.rest, mul(g, g)));
      const roots = div(root(add(before.acc_delta, s.eps)), root(add(square_avg, s.eps)));
      const delta = mul(roots, g);
      return {
        param: sub(before.param, mul(s.lr, delta)),
        square_avg,
        acc_delta: mulAdd(s.rho, before.acc_delta, mul(s.rest, mul(delta, delta))),
      };
    },
  });
}

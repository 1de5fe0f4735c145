import type { Reduction } from '../../../vocabulary/nn/loss.ts';
import type { nllLoss } from '../../../vocabulary/nn/nll_loss.ts';
import type { ParamsOf } from '../../../vocabulary/signature.ts';
import { inputBug, paramsBug } from '../../plausible-bug.ts';
import type { PlausibleBug, Value } from '../../record.ts';

/** Plausible bugs that every loss of class labels must see. */
export function classLossBugs<
  Params extends ParamsOf<typeof nllLoss>,
  Inputs extends { readonly labels: Value } & {
    readonly [Name in keyof Inputs]?: Value | undefined;
  },
>(): readonly PlausibleBug<Params, Inputs>[] {
  const reducedAs = (reduction: Reduction) => (params: Params) => ({
    ...params,
    reduction: params.reduction === 'none' ? 'none' : reduction,
  });
  return [
    inputBug('label off by one', 'labels', (label) => (label >= 0 ? label + 1 : label)),
    paramsBug('ignore_index of the other convention', (params) => ({
      ...params,
      ignore_index: params.ignore_index < 0 ? 0 : -100,
    })),
    paramsBug('sum for mean', reducedAs('sum')),
    paramsBug('mean for sum', reducedAs('mean')),
  ];
}

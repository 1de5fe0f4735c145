import type { ampUpdateScale } from '../../vocabulary/optim/amp_update_scale.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { PlausibleBug, Value } from '../record.ts';

/** Plausible bugs that every op with a growing loss scale must see. */
export function scaleGrowthBugs<
  Params extends ParamsOf<typeof ampUpdateScale>,
  Inputs extends { readonly found_inf: Value } & {
    readonly [Name in keyof Inputs]?: Value | undefined;
  },
>(): readonly PlausibleBug<Params, Inputs>[] {
  return [
    paramsBug('another growth', (p) => ({ ...p, growth_factor: 1.01 * p.growth_factor })),
    paramsBug('another backoff', (p) => ({ ...p, backoff_factor: 1.01 * p.backoff_factor })),
    paramsBug('growth a step later', (p) => ({ ...p, growth_interval: 1 + p.growth_interval })),
    inputBug('infinities not found', 'found_inf', () => 0),
  ];
}

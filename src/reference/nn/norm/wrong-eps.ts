import type { Normalization } from '../../../vocabulary/nn/norm.ts';
import type { PlausibleBugOf } from '../../define.ts';
import { paramsBug } from '../../plausible-bug.ts';

/** Another eps. */
export function wrongEps(
  name: string,
  change: (eps: number) => number,
): PlausibleBugOf<Normalization> {
  return paramsBug(name, (params) => ({ ...params, eps: change(params.eps) }));
}

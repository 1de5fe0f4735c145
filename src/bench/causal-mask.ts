import { type HostTensor, hostTensor } from '../tensor/host.ts';

/** What stands for a score that is not seen: so low that exp of a score with it is 0, and finite, which not every library's sums need be. */
export const HIDDEN = -1e9;

/** What is added to scores [queries, keys] so that query i sees keys 0 to i alone. */
export function causalMask(queries: number, keys: number): HostTensor {
  const mask = Float32Array.from({ length: queries * keys }, (_, at) =>
    at % keys > Math.floor(at / keys) ? HIDDEN : 0,
  );
  return hostTensor('f32', [queries, keys], mask);
}

import { signatures } from '../../vocabulary/registry.ts';
import type { Signature } from '../../vocabulary/signature.ts';

/** Every op that a parity bundle may hold, whether or not this version can run it. */
export const vocabulary: ReadonlyMap<string, Signature> = new Map(
  [...signatures].filter(([, { inBundles }]) => inBundles),
);

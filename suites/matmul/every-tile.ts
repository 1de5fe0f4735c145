import type { FaultDeclaration } from '../../src/testing/fault.ts';

/** Files of the tiles of products; device and shape decide between them. */
const TILES = ['register', 'quad', 'split', 'workgroup'];

/** A control that replaces a fragment in whichever tile a product takes. */
const inEveryTile = (from: string, to: string) => (fault: FaultDeclaration) => {
  for (const tile of TILES) fault.shader(`matmul/${tile}`, from, to);
};

/** Leaves the last terms out, four or fewer. */
export const lastTermsLeftOut = inEveryTile(
  'let fours = fours_of_terms();',
  'let fours = max(fours_of_terms(), 1u) - 1u;',
);

/** Multiplies trits by scales that are 1e-4 larger. */
export const largerScalesOfTrits = inEveryTile(
  'return vec4f(scales[at.x]',
  'return 1.0001 * vec4f(scales[at.x]',
);

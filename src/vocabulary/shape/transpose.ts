import * as v from 'valibot';
import { SignatureError } from '../error.ts';
import { asOperands } from '../promotion.ts';
import { integer, numeric, stored } from '../rules.ts';
import { signature } from '../signature.ts';

/** x with its dimensions in the order of `perm`. */
export const transpose = signature(
  { family: 'shape', name: 'transpose' },
  v.strictObject({
    /** y's dimension d is x's `perm[d]`. */ perm: v.pipe(v.array(integer), v.readonly()),
  }),
  {
    inputs: { x: numeric('[*x]') },
    outputs: {
      y: stored(
        numeric(({ shape, params: { perm } }) => {
          const x = shape('x');
          if ([...perm].sort((a, b) => a - b).join() !== x.map((_, d) => d).join()) {
            throw new SignatureError(
              `perm [${perm.join(', ')}] is no order of ${x.length} dimensions`,
            );
          }
          return perm.map((d) => x[d] as number);
        }),
        asOperands,
      ),
    },
    gradients: ['x'],
  },
);

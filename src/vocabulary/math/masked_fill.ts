import * as v from 'valibot';
import { SignatureError } from '../error.ts';
import { asOperands } from '../promotion.ts';
import { anyNumber, type BundleDType, codes, numeric, ordered, stored } from '../rules.ts';
import { broadcast } from '../shapes.ts';
import { signature } from '../signature.ts';

const RANGES: Partial<Record<BundleDType, readonly [low: number, high: number]>> = {
  I32: [-(2 ** 31), 2 ** 31 - 1],
  I8: [-128, 127],
  U8: [0, 255],
};

function asFilled(operands: readonly BundleDType[], { value }: { readonly value: number }) {
  const types = asOperands(operands);
  const [low, high] = RANGES[types[0] as BundleDType] ?? [];
  const fits = Number.isInteger(value) && value >= Number(low) && value <= Number(high);
  if (low !== undefined && !fits)
    throw new SignatureError(`${types[0]} has no ${value}: cast x, or give an integer of its type`);
  return types;
}

/** y = `value` where the mask is not 0, else x, with broadcasting; -Infinity hides scores. */
export const maskedFill = signature(
  { family: 'math', name: 'masked_fill' },
  v.strictObject({ value: anyNumber }),
  {
    inputs: { x: ordered(numeric('[*x]')), mask: codes('[*mask]') },
    outputs: {
      y: stored(
        numeric(({ shape }) => broadcast(shape('x'), shape('mask'))),
        asFilled,
      ),
    },
    gradients: ['x'],
  },
);

import * as v from 'valibot';
import { codes, float, type Known, size } from '../rules.ts';
import { blocks } from '../shapes.ts';
import { signature } from '../signature.ts';
import { type Adamw8bitHyperparameters, adamw8bit } from './adamw8bit.ts';
import { gradient } from './state.ts';

/** What a step changes: the parameter, and both moments as codes with a scale a block. */
export function adamw8bitState<P extends Pick<Adamw8bitHyperparameters, 'blocksize'>>() {
  const moment = codes<P>('[*p]');
  const absmax = float(({ size: n, params: { blocksize } }: Known<P>) => [
    blocks(n('p'), blocksize),
  ]);
  return {
    param: float<P>('[*p]'),
    exp_avg: moment,
    exp_avg_absmax: absmax,
    exp_avg_sq: moment,
    exp_avg_sq_absmax: absmax,
  } as const;
}

const state = adamw8bitState<Adamw8bitHyperparameters & { readonly step: number }>();

/** One step of bitsandbytes' 8-bit AdamW on a parameter; `step` counts from 1. */
export const adamw8bitStep = signature(
  { family: 'optim', name: 'adamw8bit_step', inBundles: false },
  v.strictObject({ ...adamw8bit, step: size }),
  {
    inputs: {
      ...state,
      ...gradient,
      /** The maps of the first moment, which is signed, and of the second. */
      qmap: float('[2, 256]'),
    },
    outputs: state,
  },
);

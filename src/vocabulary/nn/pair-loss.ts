import * as v from 'valibot';
import type { Shape } from '../../tensor/shape.ts';
import { float, type Known } from '../rules.ts';
import { like } from '../shapes.ts';
import type { Signature } from '../signature.ts';
import { type Reduction, reduction } from './loss.ts';

/** How the losses of pairs become one: `batchmean` divides their sum by the rows of input. */
export type PairReduction = Reduction | 'batchmean';

/** What every loss of pairs takes. */
export const pairParams = { reduction: v.optional(reduction, 'mean') };

interface Reduced {
  readonly reduction: PairReduction;
}

/** The shape of a loss: that of input without a reduction, else that of a scalar. */
const lossShape = ({ shape, params }: Known<Reduced>): Shape =>
  params.reduction === 'none' ? shape('input') : [1];

/** Tensors of a loss of predictions and what they should be, pair by pair. */
export const pairLoss = {
  inputs: { input: float<Reduced>('[*input]'), target: float<Reduced>(like('input')) },
  outputs: { loss: float<Reduced>(lossShape) },
  gradients: ['input', 'target'],
} as const;

/** The signature of any loss of pairs, which may take constants beside them. */
export type PairLoss<
  Given extends object = object,
  Params extends Reduced = Reduced,
  Constant extends string = never,
> = Signature<{
  readonly given: Given;
  readonly params: Params;
  readonly inputs: 'input' | 'target';
  readonly optionalInputs: Constant;
  readonly outputs: 'loss';
  readonly optionalOutputs: never;
  readonly saved: never;
  readonly optionalSaved: never;
  readonly gradients: 'input' | 'target';
}>;

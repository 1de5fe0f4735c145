import * as v from 'valibot';
import { FLOAT, float, type Known, onlyWhen, optional, type TensorRule } from '../rules.ts';
import { blocks, like } from '../shapes.ts';
import { signature } from '../signature.ts';
import { hyperparameters, wrongHyperparameters } from './hyperparameters.ts';

const optimizer = v.pipe(
  v.strictObject({ ...hyperparameters, decay_after_step: v.exactOptional(v.boolean()) }),
  v.check(
    (params) => wrongHyperparameters(params) === undefined,
    ({ input }) => `${wrongHyperparameters(input)}`,
  ),
);
type Optimizer = v.InferOutput<typeof optimizer>;

/** A moment of the optimizer: floats, or codes with a scale a block. */
const moment: TensorRule<Optimizer> = {
  dtypes: [...FLOAT, 'U8'],
  native: ['f32', 'u8'],
  shape: like('param'),
};
const in8bit = ({ optimizer: name }: Optimizer) => name === 'adamw8bit';
const scales: TensorRule<Optimizer> = onlyWhen(
  in8bit,
  float(({ size: n, params }: Known<Optimizer>) => [blocks(n('p'), params.blocksize ?? 256)]),
);
const kept = optional(float<Optimizer>(like('param')));
const state = {
  'state.exp_avg': optional(moment),
  'state.exp_avg_sq': optional(moment),
  'state.momentum_buffer': optional(moment),
  'state.exp_avg_absmax': optional(scales),
  'state.exp_avg_sq_absmax': optional(scales),
  'state.max_exp_avg_sq': kept,
  'state.square_avg': kept,
  'state.acc_delta': kept,
  'state.grad_avg': kept,
} as const;

type Kept<Name> = Name extends `state.${infer Of}` ? Of : never;
/** Names of what optimizers keep between steps. */
export type KeptName = Kept<keyof typeof state>;

/** Steps of an optimizer on one parameter, with the gradients given. */
export const optimizerSteps = signature({ family: 'optim', name: 'optimizer_steps' }, optimizer, {
  inputs: { param: float('[*p]'), grads: float('[steps, *p]'), ...state },
  outputs: {
    trajectory: float('[steps, *p]'),
    ...state,
    'state.mu_product': optional(float('[1]')),
  },
});

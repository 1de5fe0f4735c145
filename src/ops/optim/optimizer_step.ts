import { GradproofError } from '../../errors.ts';
import { Tensor } from '../../tensor/tensor.ts';
import {
  type StateName,
  optimizerStep as signature,
} from '../../vocabulary/optim/optimizer_step.ts';
import { launcher } from '../launcher.ts';
import { OPTIMIZER_VARIANT, optimizerOf } from './optimizers.ts';

/**
 * One step of an optimizer on a parameter; `step` counts from 1. All f32 of one shape. Leaves its
 * inputs as they are, and returns the new parameter and what the optimizer keeps by torch's names,
 * which is 0 where it is absent. Throws GradproofError `not-implemented` for optimizers that are
 * not here, ShapeError when the sizes differ.
 */
export const optimizerStep = launcher(signature, {
  variants: { any: OPTIMIZER_VARIANT },
  forward: (gpu, { grad, ...inputs }, { step, ...params }) => {
    if (params.optimizer === 'adamw8bit')
      throw new GradproofError(
        'not-implemented',
        'optimizer_step keeps floats: a step of adamw8bit is adamw8bit_step, or adamw_step of small parameters',
      );
    const optimizer = optimizerOf(params, inputs.param.shape, false);
    const outputs = {
      param: inputs.param.clone(),
      ...Object.fromEntries(
        optimizer.state.map((name) => [
          name,
          inputs[name as StateName]?.clone() ?? Tensor.zeros(gpu, inputs.param.shape),
        ]),
      ),
    };
    optimizer.step(gpu, { ...outputs, grad }, step);
    return outputs;
  },
});

import { GradproofError } from '../../errors.ts';
import { Scope } from '../../gpu/scope.ts';
import { hostTensorFrom, ShapeError } from '../../tensor/host.ts';
import { formatShape, sameShape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { optimizerSteps as signature } from '../../vocabulary/optim/optimizer_steps.ts';
import { checkTypes } from '../element-types.ts';
import { launcher } from '../launcher.ts';
import { OPTIMIZER_VARIANT, optimizerOf, type Stored } from './optimizers.ts';

/**
 * Several steps of an optimizer on one parameter, with the gradients given. param: of any shape;
 * grads: [steps, ...param]; trajectory: the parameter after each step, in f32 as all outputs. What
 * the optimizer keeps by torch's names (state.exp_avg_sq, the sum of squares, of adagrad) is an
 * output, and an optional input: as it was before step one, else 0; of adamw8bit
 * codes, u8, and scales, f32 a block. Throws GradproofError
 * `not-implemented` for optimizers that are not here, ShapeError when shapes do not fit.
 */
export const optimizerSteps = launcher(signature, {
  variants: { vec4: OPTIMIZER_VARIANT },
  // Each step goes on from what the device has in f32, which halves would not tell.
  storage: { widens: true, keeps: Object.keys(signature.outputs) },
  forward: (gpu, inputs, params) => {
    const { grads } = inputs;
    const { shape } = inputs.param;
    const [steps] = grads.shape;
    if (!steps || !sameShape(grads.shape, [steps, ...shape])) {
      throw new ShapeError(
        `grads of ${formatShape(grads.shape)} are not steps of a parameter of ${formatShape(shape)}`,
      );
    }
    const optimizer = optimizerOf(params, shape, inputs['state.momentum_buffer'] !== undefined);
    const given = optimizer.state.filter((name) => inputs[`state.${name}`]);
    if (optimizer.storage && given.length % optimizer.state.length !== 0)
      throw new GradproofError(
        'bad-params',
        `${params.optimizer} goes on from ${optimizer.state.join(', ')}, not from ${given.join(', ')} alone`,
      );
    const storageOf = (name: string): Stored =>
      optimizer.storage?.[name] ?? { dtype: 'f32', shape };
    for (const name of optimizer.state) {
      const given = inputs[`state.${name}`];
      if (!given) continue;
      const kept = storageOf(name);
      checkTypes('optimizer_steps', { [`state.${name}`]: given }, [kept.dtype]);
      if (!sameShape(given.shape, kept.shape)) {
        throw new ShapeError(
          `state.${name} of ${formatShape(given.shape)} is not of a parameter of ${formatShape(shape)}`,
        );
      }
    }
    using scope = new Scope();
    const param = scope.add(inputs.param.clone());
    const grad = scope.add(Tensor.empty(gpu, 'f32', shape));
    const reads = scope.addAll(optimizer.reads?.(gpu) ?? {});
    const trajectory = Tensor.empty(gpu, 'f32', grads.shape);
    const state = optimizer.state.map((name) => {
      const kept = storageOf(name);
      const given = inputs[`state.${name}`];
      return [name, given?.clone() ?? Tensor.zeros(gpu, kept.shape, kept.dtype)] as const;
    });
    const tensors = { param, grad, ...reads, ...Object.fromEntries(state) };
    for (let step = 1; step <= steps; step++) {
      const offset = (step - 1) * param.bytes;
      grad.copyFrom(grads.view(shape, { offset }));
      optimizer.step(gpu, tensors, step);
      trajectory.view(shape, { offset }).copyFrom(param);
    }
    const counted = Object.entries(optimizer.counted?.(steps) ?? {}).map(
      ([name, value]) => [name, Tensor.from(gpu, hostTensorFrom('f32', [1], [value]))] as const,
    );
    return {
      trajectory,
      ...Object.fromEntries(
        [...state, ...counted].map(([name, tensor]) => [`state.${name}`, tensor]),
      ),
    };
  },
});

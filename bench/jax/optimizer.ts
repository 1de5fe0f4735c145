import { numpy as np, tree } from '@jax-js/jax';
import type { StepOf } from '../../src/bench/work.ts';
import type { Arrays } from './op.ts';

/** What an optimizer keeps from step to step. */
export type State = { [name: string]: Arrays };

/** An optimizer as a function that is compiled with the step. */
export interface Optimizer {
  /** What it keeps before the first step of weights of these shapes. */
  readonly start: (weights: Arrays) => State;
  /** New weights and state; it owns what it is given. */
  readonly update: (weights: Arrays, gradients: Arrays, state: State) => [Arrays, State];
}

/** The optimizer of a step. */
export function optimizerOf({ model }: StepOf): Optimizer {
  if (model === 'resnet18') return momentum;
  return adam(model === 'llama-lora' ? 0.01 : 0);
}

const LR = 1e-3;
const BETA1 = 0.9;
const BETA2 = 0.999;
const EPS = 1e-8;
const SGD_LR = 0.01;
const MOMENTUM = 0.9;

const zeros = (weights: Arrays): Arrays =>
  mapped(weights, ({ shape }) => np.zeros(shape, { dtype: np.float32 }));

function mapped(arrays: Arrays, change: (array: np.Array, name: string) => np.Array): Arrays {
  const entries = Object.entries(arrays).map(([name, array]) => [name, change(array, name)]);
  return Object.fromEntries(entries);
}

/** The array of a name, which is used up. */
const take = (arrays: Arrays | undefined, name: string): np.Array =>
  (arrays as Arrays)[name] as np.Array;

/** Adam or, with a decay, AdamW; beta^t are kept on the device, so that no step is compiled anew. */
const adam = (decay: number): Optimizer => ({
  start: (weights) => ({
    first: zeros(weights),
    second: zeros(weights),
    powers: { beta1: np.array(1), beta2: np.array(1) },
  }),
  update: (weights, gradients, { first, second, powers }) => {
    const beta1 = take(powers, 'beta1').mul(BETA1);
    const beta2 = take(powers, 'beta2').mul(BETA2);
    const means = mapped(gradients, (gradient, name) =>
      take(first, name)
        .mul(BETA1)
        .add(gradient.ref.mul(1 - BETA1)),
    );
    const squares = mapped(gradients, (gradient, name) =>
      take(second, name)
        .mul(BETA2)
        .add(np.square(gradient).mul(1 - BETA2)),
    );
    const rate = np.reciprocal(beta1.ref.mul(-1).add(1)).mul(LR);
    const root = np.sqrt(np.reciprocal(beta2.ref.mul(-1).add(1)));
    const next = mapped(weights, (weight, name) => {
      const deviation = np.sqrt(take(squares, name).ref).mul(root.ref).add(EPS);
      const update = take(means, name).ref.mul(rate.ref).div(deviation);
      return (decay === 0 ? weight : weight.mul(1 - LR * decay)).sub(update);
    });
    tree.dispose([rate, root]);
    return [next, { first: means, second: squares, powers: { beta1, beta2 } }];
  },
});

/** SGD with momentum. */
const momentum: Optimizer = {
  start: (weights) => ({ velocity: zeros(weights) }),
  update: (weights, gradients, { velocity }) => {
    const moved = mapped(gradients, (gradient, name) =>
      take(velocity, name).mul(MOMENTUM).add(gradient),
    );
    const next = mapped(weights, (weight, name) => weight.sub(take(moved, name).ref.mul(SGD_LR)));
    return [next, { velocity: moved }];
  },
};

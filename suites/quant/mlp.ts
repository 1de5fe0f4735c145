import type { Tape } from '../../src/autograd/tape.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { type Initial, initialLinear } from '../../src/models/initial.ts';
import { Layers } from '../../src/models/layers.ts';
import { cast } from '../../src/ops/math/cast.ts';
import { relu } from '../../src/ops/math/relu.ts';
import type { HostTensor } from '../../src/tensor/host.ts';
import type { Random } from '../../src/tensor/random.ts';
import { Tensor } from '../../src/tensor/tensor.ts';

/** The original suite's network: 64-128-10, of 9,610 parameters. */
export function initialPerceptron(random: Random, sizes = [64, 128, 10]): Initial {
  return sizes
    .slice(1)
    .flatMap((out, i) => initialLinear(`fc${i + 1}`, [out, sizes[i] as number], random));
}

/** Each parameter in device memory of its own. */
export function uploaded(gpu: Gpu, initial: Initial): Map<string, Tensor> {
  return new Map(
    initial.map(([name, host]: readonly [string, HostTensor]) => [name, Tensor.from(gpu, host)]),
  );
}

/** The same parameters in f16, in memory of their own. */
export function inHalves(gpu: Gpu, parameters: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  return new Map(
    Array.from(parameters, ([name, x]) => [name, cast.forward(gpu, { x }, { to: 'float16' }).y]),
  );
}

/** Frees what stands in the map. */
export function disposeAll(tensors: ReadonlyMap<string, Tensor>): void {
  for (const tensor of tensors.values()) tensor[Symbol.dispose]();
}

/** The hidden layer before its ReLU, and the logits: linears with ReLU between them. */
export function forwardPerceptron(
  tape: Tape,
  parameters: ReadonlyMap<string, Tensor>,
  x: Tensor,
): { readonly hidden: Tensor; readonly logits: Tensor } {
  const view = (name: string) => parameters.get(name) as Tensor;
  const layers = new Layers(tape, { names: [...parameters.keys()], view });
  const hidden = layers.linear('fc1', x);
  const { y } = tape.apply(relu, { x: hidden }, {}, 'relu');
  return { hidden, logits: layers.linear('fc2', y) };
}

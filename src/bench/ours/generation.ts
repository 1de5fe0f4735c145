import { Tape } from '../../autograd/tape.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { KeyValueCache } from '../../models/llama/key-value-cache.ts';
import { argmax } from '../../ops/math/argmax.ts';
import { type HostTensor, hostTensorFrom } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { drawnTensors } from '../drawn.ts';
import { llamaConfigOf } from '../steps/network.ts';
import { parameterShapes } from '../steps/shapes.ts';
import type { GenerationWork } from '../work.ts';
import type { Runnable } from './engine-work.ts';
import { llamaOf } from './models/model-of.ts';

/** A cache to which what is read is not counted from some time on, so that it can be read again. */
class StandingCache extends KeyValueCache {
  stands = false;

  override advance(tokens: number): void {
    if (!this.stands) super.advance(tokens);
  }
}

/**
 * Prepares what a model does for each token that it writes, as `generate` does it: a pass with a
 * cache, the likeliest token found on the device, and read.
 */
export function prepareGeneration(gpu: Gpu, work: GenerationWork): Runnable {
  using scope = new Scope();
  const { step, part } = work;
  const tensors = drawnTensors(work);
  const names = Object.keys(parameterShapes(step));
  const weights = new Map(names.map((name) => [name, tensors[name] as HostTensor]));
  const model = scope.add(llamaOf(gpu, step, weights));
  const token = scope.add(Tensor.empty(gpu, 'i32', [1, 1]));
  const sizes = { ...llamaConfigOf(step), length: step.tokens };
  const cache = scope.add(new StandingCache(gpu, sizes, step.tokens));
  const before = part === 'token' ? step.tokens - 1 : 0;
  const { data } = tensors['ids'] as HostTensor;
  const idsOf = (own: HostTensor['data']) =>
    scope.add(Tensor.from(gpu, hostTensorFrom('i32', [1, own.length], own)));
  const ids = idsOf(data.slice(before));
  const read = <T>(of: Tensor, use: (tape: Tape, logits: Tensor) => T): T => {
    using text = model.textAfter(cache, of.size);
    using tape = new Tape(gpu);
    return use(tape, model.next(tape, of, text));
  };
  if (before > 0) read(idsOf(data.slice(0, before)), () => {});
  cache.stands = true;
  const owned = scope.move();
  return {
    once: async () => {
      read(ids, (tape, x) =>
        token.copyFrom(tape.apply(argmax, { x }, { axis: 2, keepdims: false }, 'next').y),
      );
      await token.read();
    },
    results: async () => {
      const logits = await read(ids, (_, x) => x.read());
      return { outputs: { logits }, gradients: {} };
    },
    [Symbol.dispose]: () => owned[Symbol.dispose](),
  };
}

import type { Contender } from '../../src/bench/contender.ts';
import { JaxContender } from './contender.ts';
import { JaxDevice } from './device.ts';

/** jax-js by its WebGPU backend, which takes the adapter of `navigator.gpu`. */
export default async function contenders(): Promise<readonly Contender[]> {
  return [new JaxContender(await JaxDevice.request())];
}

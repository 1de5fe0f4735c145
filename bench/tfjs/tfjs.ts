import '@tensorflow/tfjs-core/dist/register_all_gradients';
import '@tensorflow/tfjs-backend-webgpu';
import type { Contender } from '../../src/bench/contender.ts';
import { TfContender } from './contender.ts';
import { TfDevice } from './device.ts';

/** TensorFlow.js by its WebGPU backend, which takes the adapter of `navigator.gpu`. */
export default async function contenders(): Promise<readonly Contender[]> {
  return [new TfContender(await TfDevice.request())];
}

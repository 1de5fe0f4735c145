import { globalAvgPool2d as signature } from '../../vocabulary/conv/global_avg_pool2d.ts';
import { defineSimulation } from '../define.ts';
import { averagesOn, windowOverAll } from './avg_pool2d.ts';

export const simulation = defineSimulation(signature, {
  forward: (gpu, { x }) => ({ y: averagesOn(gpu).means(x, windowOverAll(x)) }),
  backward: (gpu, { x }, _params, { y }) => ({ x: averagesOn(gpu).shares(x, windowOverAll(x), y) }),
});

import { mapped } from '../../graph/call.ts';
import { type HostTensor, type HostTensors, hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { bytes, normals, repeated, wholes } from '../../testing/normals.ts';
import type { StepOf } from '../work.ts';
import { parameterShapes, SIDE } from './shapes.ts';

/** Weights, inputs and labels of a step. */
export const drawStep = (random: Random, step: StepOf): HostTensors => ({
  ...mapped(parameterShapes(step), (shape, name) => drawWeight(random, shape, name, step)),
  ...drawInputs(random, step),
});

const isNorm = (name: string) => /(norm\d?|bn\d|downsample\.1)\.weight$/.test(name);

/**
 * Weights normal with a variance of 1 / terms, norms ones, biases zeros, as are the second halves of
 * adapters.
 */
function drawWeight(random: Random, shape: Shape, name: string, step: StepOf): HostTensor {
  if (name.endsWith('.packed')) {
    return bytes(random, shape);
  }
  if (name.endsWith('.absmax')) {
    const width = step.model === 'llama-lora' ? step.width : 1;
    return repeated(random, shape, () => random.uniform(1, 3) / Math.sqrt(width));
  }
  const filled = (x: number) =>
    hostTensorFrom('f32', shape, new Float64Array(sizeOf(shape)).fill(x));
  if (isNorm(name)) return filled(1);
  if (shape.length === 1 || name.endsWith('.lora_B')) return filled(0);
  return normals(random, shape, 1 / Math.sqrt(sizeOf(shape.slice(1))));
}

/** What goes into a step beside its weights. */
function drawInputs(random: Random, step: StepOf): HostTensors {
  if (step.model === 'mlp' || step.model === 'resnet18') {
    const { batch, classes } = step;
    const x = step.model === 'mlp' ? [batch, step.inputs] : [batch, 3, SIDE, SIDE];
    return { x: normals(random, x), labels: wholes(random, [batch], classes - 1) };
  }
  const most = step.vocabulary - 1;
  const shape = [step.batch, step.tokens];
  const labels = step.model === 'transformer' ? [step.batch * step.tokens] : shape;
  return { ids: wholes(random, shape, most), labels: wholes(random, labels, most) };
}

import * as v from 'valibot';
import { SignatureError } from '../error.ts';
import { counts, float, optional, size } from '../rules.ts';
import { slid } from '../shapes.ts';
import { signature } from '../signature.ts';
import { signals } from './image.ts';

/** Zeros before and after, or as many on either side. */
const sides = counts('[before, after]');

/** torch.nn.functional.conv1d, with padding of each side. */
export const conv1d = signature(
  { family: 'conv', name: 'conv1d' },
  v.strictObject({
    stride: v.optional(size, 1),
    padding: v.optional(sides, 0),
    dilation: v.optional(size, 1),
    /** Parts into which the channels of x and y are divided, each on its own. */
    groups: v.optional(size, 1),
  }),
  {
    inputs: {
      x: signals(),
      weight: float(({ shape, params: { groups } }, actual) => {
        const [out = 0, , kernel = 0] = actual;
        if (out % groups !== 0)
          throw new SignatureError(`${out} output channels do not divide into ${groups} groups`);
        return [out, Math.floor((shape('x').at(-2) as number) / groups), kernel];
      }),
      bias: optional(float(({ shape }) => [shape('weight')[0] as number])),
    },
    outputs: {
      y: float(({ shape, params: { stride, padding, dilation } }) => {
        const length = shape('x').at(-1) as number;
        const [out, , kernel] = shape('weight') as [number, number, number];
        const window = {
          kernel: [1, kernel] as const,
          stride: [1, stride] as const,
          padding: [0, padding[0], 0, padding[1]] as const,
          dilation: [1, dilation] as const,
        };
        return [...shape('x').slice(0, -2), out, slid([1, length], window)[1]];
      }),
    },
    gradients: ['x', 'weight', 'bias'],
  },
);

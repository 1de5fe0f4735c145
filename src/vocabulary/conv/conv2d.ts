import * as v from 'valibot';
import { SignatureError } from '../error.ts';
import { float, optional, padding, pair, size } from '../rules.ts';
import { slid } from '../shapes.ts';
import { signature } from '../signature.ts';
import { imageSize, images, NO_PADDING } from './image.ts';

/** torch.nn.functional.conv2d, with ONNX's padding of each side. */
export const conv2d = signature(
  { family: 'conv', name: 'conv2d' },
  v.strictObject({
    stride: v.optional(pair, 1),
    padding: v.optional(padding, NO_PADDING),
    dilation: v.optional(pair, 1),
    /** Parts into which the channels of x and y are divided, each on its own. */
    groups: v.optional(size, 1),
  }),
  {
    inputs: {
      x: images(),
      weight: float(({ shape, params }, actual) => {
        const [out = 0, , kh = 0, kw = 0] = actual;
        if (out % params.groups !== 0) {
          throw new SignatureError(
            `${out} output channels do not divide into ${params.groups} groups`,
          );
        }
        return [out, Math.floor((shape('x').at(-3) as number) / params.groups), kh, kw];
      }),
      bias: optional(float(({ shape }) => [shape('weight')[0] as number])),
    },
    outputs: {
      y: float(({ shape, params }) => {
        const [out, , kh, kw] = shape('weight') as [number, number, number, number];
        return [
          ...shape('x').slice(0, -3),
          out,
          ...slid(imageSize(shape('x')), { ...params, kernel: [kh, kw] }),
        ];
      }),
    },
    gradients: ['x', 'weight', 'bias'],
  },
);

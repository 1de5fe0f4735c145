import * as v from 'valibot';
import { SignatureError } from '../error.ts';
import { counts, float, optional, padding, pair, size } from '../rules.ts';
import { signature } from '../signature.ts';
import { imageSize, images, NO_PADDING } from './image.ts';

/** Rows and columns that are added below and to the right. */
const added = counts('[below, right]');

/** torch.nn.functional.conv_transpose2d, with ONNX's padding of each side. */
export const convTranspose2d = signature(
  { family: 'conv', name: 'conv_transpose2d' },
  v.strictObject({
    stride: v.optional(pair, 1),
    /** What is cut off the four sides of y. */
    padding: v.optional(padding, NO_PADDING),
    output_padding: v.optional(added, 0),
    dilation: v.optional(pair, 1),
    /** Parts into which the channels of x and y are divided, each on its own. */
    groups: v.optional(size, 1),
  }),
  {
    inputs: {
      x: images(),
      weight: float(({ shape, params: { groups } }, actual) => {
        const channels = shape('x').at(-3) as number;
        if (channels % groups !== 0)
          throw new SignatureError(`${channels} channels do not divide into ${groups} groups`);
        const [, each = 0, kh = 0, kw = 0] = actual;
        return [channels, each, kh, kw];
      }),
      bias: optional(
        float(({ shape, params }) => [(shape('weight')[1] as number) * params.groups]),
      ),
    },
    outputs: {
      y: float(({ shape, params }) => {
        const [, each, ...kernel] = shape('weight') as [number, number, number, number];
        return [
          ...shape('x').slice(0, -3),
          each * params.groups,
          ...spreadSize(imageSize(shape('x')), kernel, params),
        ];
      }),
    },
    gradients: ['x', 'weight', 'bias'],
  },
);

/** Settings of a transposed convolution. */
interface Spread {
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number, number, number];
  readonly output_padding: readonly [number, number];
  readonly dilation: readonly [number, number];
}

/** Height and width of y. */
function spreadSize(
  image: readonly [number, number],
  kernel: readonly [number, number],
  { stride, padding: cut, output_padding, dilation }: Spread,
): [number, number] {
  const along = (d: 0 | 1): number => {
    // torch's rule: what is added is less than a step, or than the distance of two taps.
    if (output_padding[d] >= Math.max(stride[d], dilation[d]))
      throw new SignatureError(
        `an output padding of ${output_padding[d]} is neither below the stride nor the dilation`,
      );
    const whole = (image[d] - 1) * stride[d] + dilation[d] * (kernel[d] - 1) + 1;
    const left = whole + output_padding[d] - cut[d] - (cut[d + 2] as number);
    if (left < 1) throw new SignatureError(`a padding of ${cut} leaves nothing of ${whole}`);
    return left;
  };
  return [along(0), along(1)];
}

import { lax, numpy as np } from '@jax-js/jax';

type Pair = readonly [number, number];

/** Settings of a convolution in two dimensions. */
interface Window {
  readonly stride: Pair;
  /** [top, left, bottom, right] */
  readonly padding: readonly [number, number, number, number];
  readonly dilation?: Pair;
  readonly groups?: number;
}

/** x [n, c, h, w] convolved with weight [out, c / groups, kh, kw]. */
export function convolutionOf(
  x: np.Array,
  weight: np.Array,
  { stride, padding: [top, left, bottom, right], dilation = [1, 1], groups = 1 }: Window,
): np.Array {
  const sides: [number, number][] = [
    [top, bottom],
    [left, right],
  ];
  return lax.convGeneralDilated(x, weight, [...stride], sides, {
    rhsDilation: [...dilation],
    featureGroupCount: groups,
  });
}

/**
 * The same without strides: the places within a stride are channels of their own. In 0.1.25 the
 * gradient of x is wrong on WebGPU where rows have a stride, for more than one image or channel.
 */
export function phasedConvolutionOf(
  x: np.Array,
  weight: np.Array,
  { stride, padding: [top, left, bottom, right], groups = 1 }: Window,
): np.Array {
  const [height, width] = x.shape.slice(2) as [number, number];
  const [kh, kw] = weight.shape.slice(2) as [number, number];
  const rows = Math.floor((height + top + bottom - kh) / stride[0]) + 1;
  const columns = Math.floor((width + left + right - kw) / stride[1]) + 1;
  const taps = [Math.ceil(kh / stride[0]), Math.ceil(kw / stride[1])] as const;
  const image = placed(
    x,
    [top, left],
    [(rows - 1 + taps[0]) * stride[0], (columns - 1 + taps[1]) * stride[1]],
  );
  const kernel = placed(weight, [0, 0], [taps[0] * stride[0], taps[1] * stride[1]]);
  const window = { padding: [0, 0, 0, 0], stride: [1, 1], groups } as const;
  return convolutionOf(phases(image, stride), phases(kernel, stride), window);
}

/** x in an image of zeros of so many rows and columns, behind so many; what passes it is cut off. */
function placed(x: np.Array, before: Pair, sizes: Pair): np.Array {
  const [height, width] = x.shape.slice(2) as [number, number];
  const kept = [
    Math.min(height, sizes[0] - before[0]),
    Math.min(width, sizes[1] - before[1]),
  ] as const;
  const after = [sizes[0] - before[0] - kept[0], sizes[1] - before[1] - kept[1]] as const;
  return np.pad(x.slice([], [], [0, kept[0]], [0, kept[1]]), [
    [0, 0],
    [0, 0],
    [before[0], after[0]],
    [before[1], after[1]],
  ]);
}

/** [a, b, h, w] as [a, b * sh * sw, h / sh, w / sw]. */
function phases(x: np.Array, [sh, sw]: Pair): np.Array {
  const [a, b, h, w] = x.shape as [number, number, number, number];
  const apart = x.reshape([a, b, h / sh, sh, w / sw, sw]).transpose([0, 1, 3, 5, 2, 4]);
  return apart.reshape([a, b * sh * sw, h / sh, w / sw]);
}

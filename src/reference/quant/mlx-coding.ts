import type { MlxParams } from '../../vocabulary/quant/mlx_quantize.ts';
import { affine } from './mlx-affine.ts';
import type { Coding } from './mlx-line.ts';
import { microscaled } from './mlx-microscaled.ts';

/** The coding of a mode. */
export function codingOf(params: MlxParams): Coding {
  return params.mode === 'affine' ? affine(params.bits) : microscaled(params.mode);
}

import type { Shape } from '../../tensor/shape.ts';
import { SignatureError } from '../error.ts';

export const NO_PADDING: [number, number, number, number] = [0, 0, 0, 0];

/** Height and width of a batch of images [N, C, H, W]. */
export function imageSize(x: Shape): [number, number] {
  if (x.length !== 4) throw new SignatureError('an image batch has the dimensions [N, C, H, W]');
  return x.slice(2) as unknown as [number, number];
}

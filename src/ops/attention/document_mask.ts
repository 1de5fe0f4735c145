import maskShader from '../../../shaders/attention/document_mask.wgsl';
import positionsShader from '../../../shaders/attention/document_positions.wgsl';
import { gridOfFours, linearGrid, u32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { documentMask as signature } from '../../vocabulary/attention/document_mask.ts';
import { launcher } from '../launcher.ts';

/**
 * For documents i32 [B, S], in which neighbours of one number are one document: position_ids i32
 * [B, S], from 0 on in each, and mask u8 [B, 1, S, S], 1 where token i sees token j, which is of its
 * document, not after it, and less than `window` before it. Throws ShapeError for other shapes.
 */
export const documentMask = launcher(signature, {
  variants: {
    words: { kernels: ['attention/document_positions', 'attention/document_mask'] },
  },
  forward: (gpu, { documents }, { window }) => {
    const { shape, size } = documents;
    const [batch, length] = shape as [number, number];
    if (shape.length !== 2)
      throw new ShapeError(`document_mask: documents of ${formatShape(shape)} are not [B, S]`);
    const position_ids = Tensor.empty(gpu, 'i32', shape);
    gpu.dispatch({
      shader: positionsShader,
      bindings: [documents.binding, position_ids.binding],
      uniforms: [size, length].map(u32),
      workgroups: linearGrid(size),
    });
    const mask = Tensor.empty(gpu, 'u8', [batch, 1, length, length]);
    gpu.dispatch({
      shader: maskShader,
      bindings: [position_ids.binding, mask.binding],
      uniforms: [mask.size, length, window ?? length].map(u32),
      workgroups: gridOfFours(mask.size),
    });
    return { position_ids, mask };
  },
});

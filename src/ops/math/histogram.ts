import shader from '../../../shaders/math/histogram.wgsl';
import { linearGrid, u32 } from '../../gpu/shader.ts';
import { hostTensor, ShapeError } from '../../tensor/host.ts';
import { formatShape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { histogram as signature } from '../../vocabulary/math/histogram.ts';
import { launcher } from '../launcher.ts';

/**
 * counts[b] = how many elements of x lie in bin b, from edges[b] up to edges[b + 1], the last bin
 * with its upper edge, as torch.histogram; added to earlier `counts` where they are given, so that
 * batches can follow one another. x: f32; edges: f32 [bins + 1], ascending; counts: i32 [bins].
 * Throws ShapeError when they do not fit or there is no bin.
 */
export const histogram = launcher(signature, {
  variants: { halving: { kernels: [shader.file] } },
  forward: (gpu, { x, edges, counts }) => {
    const bins = edges.size - 1;
    if (edges.shape.length !== 1 || bins < 1)
      throw new ShapeError(`edges ${formatShape(edges.shape)}: give a list of two or more`);
    if (counts && formatShape(counts.shape) !== formatShape([bins]))
      throw new ShapeError(`counts ${formatShape(counts.shape)} are not those of ${bins} bins`);
    const total = counts
      ? counts.clone()
      : Tensor.from(gpu, hostTensor('i32', [bins], new Int32Array(bins)));
    gpu.dispatch({
      shader,
      bindings: [x.binding, edges.binding, total.binding],
      uniforms: [u32(x.size), u32(bins)],
      workgroups: linearGrid(x.size),
    });
    return { counts: total };
  },
});

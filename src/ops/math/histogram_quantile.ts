import shader from '../../../shaders/math/histogram_quantile.wgsl';
import { GradproofError } from '../../errors.ts';
import { u32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { histogramQuantile as signature } from '../../vocabulary/math/histogram_quantile.ts';
import { launcher } from '../launcher.ts';

/**
 * y = the quantile q of what a histogram counted, linear within its bin: at most the width of a bin
 * from that of the elements themselves, and a NaN where nothing was counted. Nothing is read back. q
 * is taken in steps of 2^-32. counts: i32 [bins], none negative, below 2^31 together; edges: f32
 * [bins + 1], ascending; y: f32 [1]. Throws ShapeError when they do not fit or there is no bin,
 * GradproofError `bad-params` for a q outside of 0 to 1.
 */
export const histogramQuantile = launcher(signature, {
  variants: { bins: { kernels: [shader.file] } },
  forward: (gpu, { counts, edges }, { q }) => {
    const bins = counts.size;
    if (counts.shape.length !== 1 || bins < 1)
      throw new ShapeError(`counts ${formatShape(counts.shape)}: give a list of one or more`);
    if (formatShape(edges.shape) !== formatShape([bins + 1]))
      throw new ShapeError(`edges ${formatShape(edges.shape)} are not those of ${bins} bins`);
    if (!(q >= 0 && q <= 1))
      throw new GradproofError(
        'bad-params',
        `histogram_quantile: q is ${q}; give a share from 0 to 1`,
      );
    const steps = Math.round(q * 2 ** 32);
    const isLast = steps === 2 ** 32;
    const y = Tensor.empty(gpu, 'f32', [1]);
    gpu.dispatch({
      shader,
      bindings: [counts.binding, edges.binding, y.binding],
      uniforms: [u32(bins), u32(isLast ? 0 : steps), u32(Number(isLast))],
      workgroups: [1, 1, 1],
    });
    return { y };
  },
});

import leastShader from '../../../shaders/quant/least_error.wgsl';
import errorShader from '../../../shaders/quant/range_error.wgsl';
import shrinkShader from '../../../shaders/quant/shrunk_ranges.wgsl';
import { Scope } from '../../gpu/scope.ts';
import { f32, linearGrid, u32 } from '../../gpu/shader.ts';
import { hostTensor } from '../../tensor/host.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { sharesOf, mseObserver as signature } from '../../vocabulary/quant/mse_observer.ts';
import { launcher } from '../launcher.ts';
import { axisOf } from '../math/axes.ts';
import { chunkedDepth, partsOf, reductionOf } from '../math/reduction.ts';
import { sum } from '../math/sum.ts';
import { calculateQparams, codeRange } from './calculate_qparams.ts';
import { MIN_MAX_KERNEL, minMax } from './min_max.ts';

/** Operations of a product that take as long as to code an element, decode it and add its error. */
const FLOPS_OF_ERROR = 60;

/**
 * The range of x, or of each index of ch_axis, times the share 1, 1 - 1 / grid, ... down to 1 -
 * maxshrink that leaves the least sum of squared errors when x is quantized by
 * {@link calculateQparams} of it and decoded; of equal ones the widest. That is the search of GPTQ's
 * Quantizer.find_params (Frantar et al., 2022) with squares, by torch.ao's qparams. x: floats;
 * min_val, max_val: f32 [1], or one for each index of ch_axis. Throws ShapeError for no elements.
 */
export const mseObserver = launcher(signature, {
  variants: {
    parts: {
      kernels: [
        MIN_MAX_KERNEL,
        shrinkShader.file,
        'quant/calculate_qparams',
        errorShader.file,
        'math/reduce_sum',
        leastShader.file,
      ],
      depth: chunkedDepth,
    },
  },
  storage: { widens: true, keeps: ['min_val', 'max_val'] },
  forward: (gpu, { x }, params) => {
    const { ch_axis, qscheme, reduce_range, eps } = params;
    const axis = ch_axis === undefined ? undefined : axisOf('mse_observer', ch_axis, x.shape);
    const channels = axis === undefined ? 1 : (x.shape[axis] as number);
    using scope = new Scope();
    const pairs = scope.add(
      minMax(
        gpu,
        x,
        reductionOf(x.shape, (d) => d !== axis),
      ),
    );
    const shares = fours(sharesOf(params));
    const share = scope.add(
      Tensor.from(gpu, hostTensor('f32', [shares.length], Float32Array.from(shares))),
    );
    const all = [channels * shares.length];
    const low = scope.add(Tensor.empty(gpu, 'f32', all));
    const high = scope.add(Tensor.empty(gpu, 'f32', all));
    gpu.dispatch({
      shader: shrinkShader,
      bindings: [pairs, share, low, high].map((tensor) => tensor.binding),
      uniforms: [u32(low.size), u32(shares.length)],
      workgroups: linearGrid(low.size),
    });
    const of = { dtype: 'qint8', qscheme, reduce_range, eps } as const;
    const { scale, zero_point } = calculateQparams.forward(
      gpu,
      { min_val: low, max_val: high },
      of,
    );
    scope.addAll({ scale, zero_point });
    const terms = x.size / channels;
    const parts = partsOf(terms);
    const shape: Shape = [channels, parts, shares.length];
    const partial = scope.add(Tensor.empty(gpu, 'f32', shape));
    const { first, last } = codeRange(of);
    gpu.dispatch({
      shader: errorShader,
      bindings: [x, scale, zero_point, partial].map((tensor) => tensor.binding),
      uniforms: [
        ...[channels, parts, shares.length / 4, terms, innerOf(x.shape, axis)].map(u32),
        f32(first),
        f32(last),
      ],
      workgroups: linearGrid(sizeOf(shape) / 4),
      flops: FLOPS_OF_ERROR * x.size * shares.length,
    });
    const errors = scope.add(
      sum(
        gpu,
        partial,
        reductionOf(shape, (d) => d === 1),
        [channels, shares.length],
      ),
    );
    const min_val = Tensor.empty(gpu, 'f32', [channels]);
    const max_val = Tensor.empty(gpu, 'f32', [channels]);
    gpu.dispatch({
      shader: leastShader,
      bindings: [errors, low, high, min_val, max_val].map((tensor) => tensor.binding),
      uniforms: [u32(channels), u32(shares.length)],
      workgroups: linearGrid(channels),
    });
    return { min_val, max_val };
  },
});

/** Shares as whole vectors of the kernel: the last is tried again, which changes nothing. */
function fours(shares: readonly number[]): readonly number[] {
  const missing = (4 - (shares.length % 4)) % 4;
  return [...shares, ...new Array<number>(missing).fill(shares.at(-1) as number)];
}

/** Elements behind the axis: so many terms of a channel follow each other. */
function innerOf(shape: Shape, axis: number | undefined): number {
  return sizeOf(axis === undefined ? shape : shape.slice(axis + 1));
}

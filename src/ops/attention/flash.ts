import flashShader from '../../../shaders/attention/attention_flash.wgsl';
import backwardKeysShader from '../../../shaders/attention/attention_flash_backward_kv.wgsl';
import backwardQueriesShader from '../../../shaders/attention/attention_flash_backward_q.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import type { Launch } from '../../gpu/recorder.ts';
import { linearGrid, type Workgroups } from '../../gpu/shader.ts';
import { Tensor } from '../../tensor/tensor.ts';
import type { AttentionLayout } from './layout.ts';

/** Columns that one invocation sums. */
const COLUMNS = 64;

/** Kernels of the variant that stores no score. */
export const FLASH_KERNELS = [
  'attention/attention_flash',
  'attention/attention_delta',
  'attention/attention_flash_backward_q',
  'attention/attention_flash_backward_kv',
];

interface Operands {
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
  readonly mask: Tensor | undefined;
}

/** y, and of each row of [B, H, Q] the largest score and the sum of exp(score - largest). */
export function flashForward(
  gpu: Gpu,
  { q, k, v, mask }: Operands,
  layout: AttentionLayout,
): { y: Tensor; row_stats: Tensor } {
  const y = Tensor.empty(gpu, 'f32', layout.shape);
  const [batch, heads, queries, keys] = layout.scores;
  const row_stats = Tensor.empty(gpu, 'f32', [batch, heads, queries, 2]);
  gpu.dispatch({
    shader: flashShader,
    // Without a mask the kernel uses none; a binding must be there all the same.
    bindings: [q, k, v, mask ?? q, y, row_stats].map((tensor) => tensor.binding),
    uniforms: layout.uniforms,
    // Rows have statistics where values have no column.
    workgroups: gridOf(layout.rows, Math.max(layout.valueWidth, 1)),
    flops: 2 * layout.rows * keys * (layout.keyWidth + layout.valueWidth),
  });
  return { y, row_stats };
}

interface Saved {
  readonly row_stats: Tensor;
  /** Not needed for the gradient of v. */
  readonly delta: Tensor | undefined;
  readonly dy: Tensor;
}

/** The gradient of q, k or v. */
export function flashGradient(
  gpu: Gpu,
  of: 'q' | 'k' | 'v',
  operands: Operands,
  saved: Saved,
  layout: AttentionLayout,
): Tensor {
  const { q, k, v, mask } = operands;
  const { row_stats, delta, dy } = saved;
  const gradient = Tensor.empty(gpu, 'f32', operands[of].shape);
  const kernel: Pick<Launch, 'shader' | 'constants'> =
    of === 'q'
      ? { shader: backwardQueriesShader }
      : { shader: backwardKeysShader, constants: { OF_VALUES: Number(of === 'v') } };
  gpu.dispatch({
    ...kernel,
    // Without a mask, or for v alone, the kernel does not use what stands in.
    bindings: [q, k, v, mask ?? q, row_stats, delta ?? dy, dy, gradient].map(
      (tensor) => tensor.binding,
    ),
    uniforms: layout.uniforms,
    workgroups: gridOf(of === 'q' ? layout.rows : layout.keyRows, layout[of].width),
    flops: 2 * layout.rows * layout.scores[3] * (2 * layout.keyWidth + layout.valueWidth),
  });
  return gradient;
}

/** A row a lane, and blocks of columns in the third dimension. */
function gridOf(rows: number, width: number): Workgroups {
  const [x, y] = linearGrid(rows);
  return [x, y, Math.ceil(width / COLUMNS)];
}

import shader from '../../../shaders/quant/quanto_codes.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { f32, gridOfFours, u32 } from '../../gpu/shader.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { QuantoParams } from '../../vocabulary/quant/quanto_quantize.ts';

/** The kernel of {@link encode}. */
export const QUANTO_CODES_KERNEL = shader.file;

/** The kernel's KIND of codes, and what the largest magnitude, or the range, becomes. */
export const QUANTO_KINDS = {
  qint2: { kind: 0, levels: 3 },
  qint4: { kind: 0, levels: 15 },
  qint8: { kind: 1, levels: 127 },
  qfloat8: { kind: 2, levels: 448 },
  qfloat8_e4m3fn: { kind: 2, levels: 448 },
  qfloat8_e4m3fnuz: { kind: 4, levels: 240 },
  qfloat8_e5m2: { kind: 3, levels: 57_344 },
} as const satisfies Readonly<Record<QuantoParams['qtype'], { kind: number; levels: number }>>;

/** The kernels' `Groups`. */
export interface GroupFields {
  readonly count: number;
  /** Elements of a group. */
  readonly length: number;
  /** How far these are apart in the weight. */
  readonly cols: number;
  /** Groups that follow one another along a column of the weight. */
  readonly apart: number;
}

/** The uniforms of groups with what their codes have. */
export const groupUniforms = (
  { count, length, cols, apart }: GroupFields,
  qtype: QuantoParams['qtype'],
) => [...[count, length, cols, apart].map(u32), f32(QUANTO_KINDS[qtype].levels)];

/** What is coded, by what, and where it goes. */
interface Encoded {
  readonly weight: Tensor;
  readonly scale: Tensor;
  /** Of affine codes alone. */
  readonly shift?: Tensor | undefined;
  readonly codes: Tensor;
  readonly dequant: Tensor;
}

/** Fills in the codes of a matrix of groups, and what they decode to, by scales that are known. */
export function encode(
  gpu: Gpu,
  { weight, scale, shift, codes, dequant }: Encoded,
  groups: GroupFields & { readonly inColumns: boolean },
  { qtype, storage }: { readonly qtype: QuantoParams['qtype']; readonly storage: number },
): void {
  const isShared = !groups.inColumns && groups.length % 4 === 0;
  const words = isShared && groups.length % 16 === 0 ? 4 : 1;
  gpu.dispatch({
    shader,
    constants: {
      KIND: QUANTO_KINDS[qtype].kind,
      STORAGE: storage,
      COLUMNS: Number(groups.inColumns),
      SHARED: Number(isShared),
      WORDS: words,
    },
    // Without shifts the kernel reads none; a binding must be there all the same.
    bindings: [weight, scale, shift ?? weight, codes, dequant].map(({ binding }) => binding),
    uniforms: groupUniforms(groups, qtype),
    workgroups: gridOfFours(weight.size / words),
  });
}

import shader from '../../../shaders/optim/adamw8bit_step.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import {
  f32,
  linearGrid,
  type UniformField,
  type Uniforms,
  u32,
  uniformsAt,
} from '../../gpu/shader.ts';
import { createDynamicMap } from '../../quant/dynamic/map.ts';
import type { DType } from '../../tensor/dtype.ts';
import { hostTensor, ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import type { LiveNumber } from '../../vocabulary/live-number.ts';
import type { Adamw8bitHyperparameters } from '../../vocabulary/optim/adamw8bit.ts';
import { adamw8bitStep as signature } from '../../vocabulary/optim/adamw8bit_step.ts';
import { checkTypes } from '../element-types.ts';
import { launcher } from '../launcher.ts';
import { lanesIn } from '../quant/blocks.ts';
import { checkBlockwise } from '../quant/quantize_blockwise.ts';
import { chooseVariant } from '../variants.ts';
import { adamScalars } from './adamw_step.ts';
import { checkState } from './step-state.ts';

/** What 8-bit AdamW keeps of a parameter. */
type Kept = 'exp_avg' | 'exp_avg_absmax' | 'exp_avg_sq' | 'exp_avg_sq_absmax';

/**
 * What a step reads (`grad` and `qmap`, both maps one behind the other) and changes (all others):
 * codes u8 of the parameter's size, absmax f32 a block.
 */
export type Adamw8bitState = Readonly<Record<Kept | 'param' | 'grad' | 'qmap', Tensor>>;

/**
 * How the moments of a parameter of `shape` are kept: codes that are 0 at first, as their scales.
 * Throws QuantizationError for blocks that are no power of two from 32 on.
 */
export function adamw8bitStorage(
  shape: Shape,
  { blocksize, state_rounding }: Adamw8bitHyperparameters,
): Readonly<Record<Kept, { readonly dtype: DType; readonly shape: Shape }>> {
  checkBlockwise({ blocksize, rounding: state_rounding });
  const codes = { dtype: 'u8', shape } as const;
  const absmax = { dtype: 'f32', shape: [Math.ceil(sizeOf(shape) / blocksize)] } as const;
  return {
    exp_avg: codes,
    exp_avg_absmax: absmax,
    exp_avg_sq: codes,
    exp_avg_sq_absmax: absmax,
  };
}

/**
 * The maps of both moments for {@link stepAdamw8bit}, signed and not, f32 [2, 256]; the caller owns
 * them.
 */
export function momentMaps(gpu: Gpu): Tensor {
  const maps = new Float32Array(512);
  maps.set(createDynamicMap(true));
  maps.set(createDynamicMap(false), 256);
  return Tensor.from(gpu, hostTensor('f32', [2, 256], maps));
}

/**
 * One step of bitsandbytes' AdamW8bit in place: all but `grad` and `qmap` is overwritten, the
 * parameter by moments that are not rounded yet. `lrAt` is the rate of a step, from 1 on; replays of
 * a captured step ask for it again. Nothing is read back. Throws ShapeError when sizes do not fit,
 * QuantizationError for blocks that are no power of two from 32 on, and ElementTypeError.
 */
export function stepAdamw8bit(
  gpu: Gpu,
  state: Adamw8bitState,
  hyperparameters: Adamw8bitHyperparameters,
  lrAt: (step: number) => number,
  step: LiveNumber,
  variant: string = chooseVariant(gpu, adamw8bitStep, { param: state.param }),
): void {
  checkAdamw8bit(signature.name, state, hyperparameters);
  const numbers = (t: number) => ({ ...hyperparameters, lr: lrAt(t), step: t });
  dispatchAdamw8bit(gpu, state, hyperparameters, {
    uniforms: uniformsAt(step, (t) => adamw8bitFields(state, numbers(t))),
    variant,
  });
}

/** What the kernel is told of a step. */
export function adamw8bitFields(
  { param }: Pick<Adamw8bitState, 'param'>,
  { step, ...hyperparameters }: Adamw8bitHyperparameters & { readonly step: number },
): UniformField[] {
  const { decay, restOfBeta1, beta2, restOfBeta2, stepSize, correction, eps } = adamScalars(
    { ...hyperparameters, mode: 'adamw' },
    step,
  );
  const numbers = [decay, restOfBeta1, beta2, restOfBeta2, stepSize, correction, eps];
  return [u32(param.size), u32(hyperparameters.blocksize), ...numbers.map(f32)];
}

/** Dispatches a step by these numbers, or by those that `foundStep`, f32 [4], holds. */
export function dispatchAdamw8bit(
  gpu: Gpu,
  state: Adamw8bitState,
  { state_rounding: rounding }: Adamw8bitHyperparameters,
  {
    uniforms,
    variant,
    foundStep,
  }: {
    readonly uniforms: Uniforms;
    readonly variant: string;
    readonly foundStep?: Tensor;
  },
): void {
  const { param, grad, exp_avg, exp_avg_absmax, exp_avg_sq, exp_avg_sq_absmax, qmap } = state;
  const { LANES } = lanesIn(gpu, variant, param);
  const kept = [exp_avg, exp_avg_absmax, exp_avg_sq, exp_avg_sq_absmax];
  gpu.dispatch({
    shader,
    constants: {
      LANES,
      LUT16: Number(rounding === 'lut16'),
      SCALED: Number(foundStep !== undefined),
    },
    // Without a scaled loss the last one is not read; a binding must be there all the same.
    bindings: [grad, qmap, param, ...kept, foundStep ?? qmap].map((tensor) => tensor.binding),
    uniforms,
    workgroups: linearGrid(exp_avg_absmax.size * LANES),
  });
}

/** Throws what {@link stepAdamw8bit} does where something does not fit; `op` names the step. */
export function checkAdamw8bit(
  op: string,
  { param, grad, exp_avg, exp_avg_absmax, exp_avg_sq, exp_avg_sq_absmax, qmap }: Adamw8bitState,
  { blocksize, state_rounding: rounding }: Adamw8bitHyperparameters,
): void {
  checkBlockwise({ blocksize, rounding });
  checkTypes(op, { exp_avg, exp_avg_sq }, ['u8']);
  checkTypes(op, { exp_avg_absmax, exp_avg_sq_absmax, qmap }, ['f32']);
  checkState(op, { param, grad });
  const blocks = Math.ceil(param.size / blocksize);
  const sizes = Object.entries({
    exp_avg: [exp_avg, param.size],
    exp_avg_absmax: [exp_avg_absmax, blocks],
    exp_avg_sq: [exp_avg_sq, param.size],
    exp_avg_sq_absmax: [exp_avg_sq_absmax, blocks],
    qmap: [qmap, 512],
  } as const);
  for (const [name, [{ shape }, size]] of sizes)
    if (sizeOf(shape) !== size)
      throw new ShapeError(
        `${op}: ${name} of ${formatShape(shape)} has not the ${size} elements that a parameter of ${formatShape(param.shape)} needs`,
      );
}

/** Copies of what a step changes. */
export const clonedAdamw8bit = (state: Omit<Adamw8bitState, 'grad' | 'qmap'>) => ({
  param: state.param.clone(),
  exp_avg: state.exp_avg.clone(),
  exp_avg_absmax: state.exp_avg_absmax.clone(),
  exp_avg_sq: state.exp_avg_sq.clone(),
  exp_avg_sq_absmax: state.exp_avg_sq_absmax.clone(),
});

/**
 * {@link stepAdamw8bit} as an op that leaves its inputs as they are and returns what a step changes.
 */
export const adamw8bitStep = launcher(signature, {
  variants: { serial: { kernels: [shader.file] }, cooperative: { kernels: [shader.file] } },
  forward: (gpu, { grad, qmap, ...inputs }, { step, ...hyperparameters }, variant) => {
    checkAdamw8bit(signature.name, { ...inputs, grad, qmap }, hyperparameters);
    const outputs = clonedAdamw8bit(inputs);
    const lrAt = () => hyperparameters.lr;
    stepAdamw8bit(gpu, { ...outputs, grad, qmap }, hyperparameters, lrAt, step, variant);
    return outputs;
  },
});

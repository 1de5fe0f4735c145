import { Tape } from '../../../src/autograd/tape.ts';
import type { LinearAdapter } from '../../../src/models/llama/lora/adapted-linear.ts';
import type { NamedAdapter } from '../../../src/models/llama/lora/merged-weight.ts';
import type { DeviceWeight } from '../../../src/quantizer/coding.ts';
import type { LayerOptions } from '../../../src/quantizer/policy.ts';
import { filledTensor, type HostTensor, hostTensorFrom } from '../../../src/tensor/host.ts';
import type { Random } from '../../../src/tensor/random.ts';
import type { Shape } from '../../../src/tensor/shape.ts';
import { Tensor } from '../../../src/tensor/tensor.ts';
import type { CaseContext } from '../../../src/testing/context.ts';
import { quantizerOf } from '../../quantizer/drawn.ts';
import type { Base } from './stored-limits.ts';

/** Sorts of adapters. */
export const ADAPTERS = {
  lora: { r: 4, alpha: 6 },
  rslora: { r: 4, alpha: 6, use_rslora: true },
  dora: { r: 4, alpha: 6, use_dora: true },
} as const satisfies Readonly<Record<string, LinearAdapter>>;
export type AdapterKind = keyof typeof ADAPTERS;

/** Weights are as large as a trained linear's. */
const WEIGHT_SIZE = 0.05;
/** The factors of an update, which is about as large as its base. */
const FACTOR_SIZE = 0.15;

const normal = (random: Random, shape: Shape, size: number): HostTensor =>
  filledTensor('f32', shape, () => random.normal(size));

/** A weight of a linear [out, in]. */
export const drawnBase = (random: Random, shape: Shape): HostTensor =>
  normal(random, shape, WEIGHT_SIZE);

/** The trained values of its adapter, by the ends of their names. */
export function drawnAdapter(
  random: Random,
  [out, features]: readonly [number, number],
  { r, use_dora = false }: LinearAdapter,
): Readonly<Record<string, HostTensor>> {
  const positive = random.fill(out, () => random.uniform(0.5, 1.5));
  return {
    lora_A: normal(random, [r, features], FACTOR_SIZE),
    lora_B: normal(random, [out, r], FACTOR_SIZE),
    ...(use_dora ? { magnitude: hostTensorFrom('f32', [out], positive) } : {}),
  };
}

/** How a base is kept; undefined in float32. HQQ's groups lie along rows, as in training. */
export const optionsOf = (base: Base): LayerOptions | undefined =>
  base === 'f32' ? undefined : { method: base, ...(base === 'hqq' ? { axis: 1 } : {}) };

/** A weight in the form of a base; a copy in float32. The caller owns it. */
export function keptAs(t: CaseContext, base: Base, weight: Tensor): Tensor | DeviceWeight {
  const options = optionsOf(base);
  if (!options) return weight.clone();
  using tape = new Tape(t.gpu);
  return quantizerOf(t, options).quantizeWeight(tape, weight, 'fc');
}

/** Uploads an adapter's values; the caller owns them. */
export function adapterOnDevice(
  t: CaseContext,
  values: Readonly<Record<string, HostTensor>>,
  adapter: LinearAdapter,
): NamedAdapter {
  const upload = (name: string) => Tensor.from(t.gpu, values[name] as HostTensor);
  const magnitude = values['magnitude'] ? upload('magnitude') : undefined;
  const tensors = { lora_A: upload('lora_A'), lora_B: upload('lora_B'), magnitude };
  return { name: 'fc', tensors, adapter };
}

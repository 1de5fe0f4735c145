import type { Architecture } from '../../../formats/hugging-face/architecture.ts';
import { type HostTensor, hostTensorFrom } from '../../../tensor/host.ts';
import type { Random } from '../../../tensor/random.ts';
import type { Shape } from '../../../tensor/shape.ts';
import { drawAdapter } from '../../byte-model/weights.ts';
import type { LinearAdapter } from './adapted-linear.ts';
import { blockLinears } from './module-names.ts';
import { requireShapes } from './required-shapes.ts';
import { type Retrained, retrainedName } from './retrained.ts';

/** The adapters of a model: how each module is adapted, and what they start from. */
export interface AdapterStart {
  readonly modules: ReadonlyMap<string, LinearAdapter>;
  /** What is trained itself beside them, by its name in the model. Default nothing. */
  readonly retrained?: ReadonlyMap<string, Retrained> | undefined;
  /** What is drawn. */
  readonly random: Random;
  /**
   * Values to go on from, by `<module>.lora_A`, `<module>.lora_B`, perhaps `<module>.lora_bias`, with
   * DoRA `<module>.magnitude`, and the names of trained copies: then nothing is drawn.
   */
  readonly values?: ReadonlyMap<string, HostTensor> | undefined;
}

/**
 * lora_A and lora_B of every adapter, as PEFT starts them: lora_A uniform in +-1/sqrt(in), lora_B and
 * its bias zero; or the values that are given. Throws AdapterError `adapter-file` where these are not those
 * of the modules.
 */
export function initialAdapters(
  model: Architecture,
  { modules, retrained = new Map(), random, values }: AdapterStart,
): Map<string, HostTensor> {
  const linears = blockLinears(model);
  const shapes = new Map<string, Shape>();
  const drawn = new Map<string, HostTensor>();
  for (const [name, { r, use_dora, lora_bias }] of modules) {
    const [outFeatures = 0, inFeatures = 0] = linears.get(name) as Shape;
    shapes.set(`${name}.lora_A`, [r, inFeatures]).set(`${name}.lora_B`, [outFeatures, r]);
    if (lora_bias) shapes.set(`${name}.lora_bias`, [outFeatures]);
    if (use_dora) shapes.set(`${name}.magnitude`, [outFeatures]);
    if (values) continue;
    const { lora_A, lora_B } = drawAdapter({ name, inFeatures, outFeatures }, r, random);
    drawn.set(`${name}.lora_A`, lora_A).set(`${name}.lora_B`, lora_B);
    if (lora_bias) drawn.set(`${name}.lora_bias`, zeros(outFeatures));
  }
  if (!values) return drawn;
  for (const [name, { shape }] of retrained) shapes.set(retrainedName(name), shape);
  requireShapes(shapes, values, 'the adapter');
  return new Map([...shapes.keys()].map((name) => [name, values.get(name) as HostTensor]));
}

const zeros = (count: number): HostTensor =>
  hostTensorFrom('f32', [count], new Float64Array(count));

import { seam } from '../../seam.ts';
import { type HostTensor, hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import type { ByteModelConfig } from './config.ts';

/** Sizes of one linear: y [n, outFeatures] = x [n, inFeatures] W^T. */
export interface LinearShape {
  /** Name of the module, as PEFT's target_modules and the adapter's keys have it. */
  readonly name: string;
  readonly inFeatures: number;
  readonly outFeatures: number;
}

/**
 * The linears of the model, first to last: contexts of embeddings to the hidden widths to a logit
 * for each token.
 */
export function linearShapes({
  embedding,
  context,
  hidden,
  vocab,
}: ByteModelConfig): readonly LinearShape[] {
  const widths = [embedding * context, ...hidden, vocab];
  return widths.slice(1).map((outFeatures, i) => ({
    name: `linear${i + 1}`,
    inFeatures: widths[i] as number,
    outFeatures,
  }));
}

/**
 * The frozen base before quantization: embedding f32 [vocab, width] standard normal, and a weight
 * f32 [out, in] for each linear.
 */
export const drawBase = seam(
  'nn.drawBase',
  (
    config: ByteModelConfig,
    random: Random,
  ): { readonly embedding: HostTensor; readonly weights: HostTensor[] } => {
    const { vocab, embedding, hiddenGain, headGain } = config;
    const table = hostTensorFrom(
      'f32',
      [vocab, embedding],
      random.fill(vocab * embedding, () => random.normal()),
    );
    const weights = linearShapes(config).map(({ inFeatures, outFeatures }, i) => {
      // Uniform in [-bound, bound] has the root mean square bound / sqrt(3), so y has the gain
      // times the size of x.
      const bound = (i < config.hidden.length ? hiddenGain : headGain) * Math.sqrt(3 / inFeatures);
      return hostTensorFrom(
        'f32',
        [outFeatures, inFeatures],
        random.fill(outFeatures * inFeatures, () => random.uniform(-bound, bound)),
      );
    });
    return { embedding: table, weights };
  },
);

/**
 * An adapter's matrices as PEFT starts them: lora_A f32 [r, in] uniform in +-1/sqrt(in)
 * (kaiming_uniform with a = sqrt 5), lora_B f32 [out, r] zero.
 */
export const drawAdapter = seam(
  'nn.drawAdapter',
  (
    { inFeatures, outFeatures }: LinearShape,
    r: number,
    random: Random,
  ): { readonly lora_A: HostTensor; readonly lora_B: HostTensor } => {
    const bound = 1 / Math.sqrt(inFeatures);
    return {
      lora_A: hostTensorFrom(
        'f32',
        [r, inFeatures],
        random.fill(r * inFeatures, () => random.uniform(-bound, bound)),
      ),
      lora_B: hostTensorFrom('f32', [outFeatures, r], new Float64Array(outFeatures * r)),
    };
  },
);

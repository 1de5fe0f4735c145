import { FlatParameters } from '../../autograd/flat-parameters.ts';
import type { Tape } from '../../autograd/tape.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import type { Application } from '../../graph/call.ts';
import { loraLinear } from '../../ops/lora/lora_linear.ts';
import { embedding } from '../../ops/nn/embedding.ts';
import { silu } from '../../ops/nn/silu.ts';
import { quantizedWeight, quantizerOf } from '../../ops/quant/quantize.ts';
import { chooseVariant } from '../../ops/variants.ts';
import { blockFormatOf } from '../../quant/registry.ts';
import type { QuantizedWeight } from '../../quant/weight.ts';
import type { HostTensor } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { frozenInputs } from '../../vocabulary/lora/frozen-weight.ts';
import type { Model } from '../model.ts';
import type { ByteModelConfig } from './config.ts';
import { drawAdapter, drawBase, type LinearShape, linearShapes } from './weights.ts';

/** A linear in 4 bits with its adapter. */
interface Linear {
  readonly shape: LinearShape;
  readonly weight: QuantizedWeight<Tensor>;
}

/**
 * A byte-level language model as QLoRA has it: a frozen base, its linears quantized on the GPU, and
 * a trainable adapter on each linear. A context of bytes is embedded, concatenated, and passed
 * through linears with SiLU between them to a logit for each next byte.
 */
export class ByteModel implements Model {
  readonly config: ByteModelConfig;
  /** The adapters, named `<module>.lora_A` and `<module>.lora_B`. */
  readonly parameters: FlatParameters;
  readonly #embedding: Tensor;
  readonly #linears: readonly Linear[];
  readonly #owned: Scope;

  /**
   * Draws the base from `base` and the adapters from `adapters`, uploads, and quantizes on the GPU.
   */
  constructor(gpu: Gpu, config: ByteModelConfig, base: Random, adapters: Random) {
    using owned = new Scope();
    this.config = config;
    const shapes = linearShapes(config);
    const { embedding: table, weights } = drawBase(config, base);
    this.#embedding = owned.add(Tensor.from(gpu, table));
    this.#linears = shapes.map((shape, i) => {
      const weight = quantized(gpu, weights[i] as HostTensor, config);
      owned.addAll(weight.parts);
      return { shape, weight };
    });
    const initial = shapes.flatMap((shape) => {
      const { lora_A, lora_B } = drawAdapter(shape, config.r, adapters);
      return [[`${shape.name}.lora_A`, lora_A] as const, [`${shape.name}.lora_B`, lora_B] as const];
    });
    this.parameters = owned.add(new FlatParameters(gpu, new Map(initial)));
    this.#owned = owned.move();
  }

  /** Values of the base, which stay as they are. */
  get frozenCount(): number {
    return this.#linears.reduce(
      (sum, { shape }) => sum + shape.inFeatures * shape.outFeatures,
      this.#embedding.size,
    );
  }

  /** Logits f32 [n, vocab] for ids i32 [n, context]; the tape owns them. */
  forward(tape: Tape, { ids }: { readonly ids: Tensor }): Tensor {
    const { context, embedding: width, r, alpha } = this.config;
    const embedded = tape.apply(embedding, { weight: this.#embedding, ids }, {}, 'embedding').y;
    let x = tape.view(embedded, [ids.size / context, context * width]);
    this.#linears.forEach(({ shape: { name }, weight }, i) => {
      const lora_A = this.parameters.view(`${name}.lora_A`);
      const lora_B = this.parameters.view(`${name}.lora_B`);
      const { tensors, params } = frozenInputs(weight);
      const inputs = { x, lora_A, lora_B, ...tensors };
      x = tape.apply(loraLinear, inputs, { r, alpha, ...params }, name).y;
      if (i < this.#linears.length - 1) x = tape.apply(silu, { x }, {}, `silu${i + 1}`).y;
    });
    return x;
  }

  /**
   * Shows the quantization of every linear, with its weight drawn from `base` again: in memory it
   * is gone.
   */
  async showBase(
    base: Random,
    show: (applications: readonly Application<Tensor>[]) => Promise<void>,
  ): Promise<void> {
    const { weights } = drawBase(this.config, base);
    const { quantType: quant_type, blocksize } = this.config;
    const { gpu } = this.#embedding;
    const quantizer = quantizerOf(blockFormatOf(quant_type));
    for (const [i, { shape, weight: quantized }] of this.#linears.entries()) {
      using weight = Tensor.from(gpu, weights[i] as HostTensor);
      const variant = chooseVariant(gpu, quantizer);
      const params = { quant_type, blocksize };
      await show([
        {
          layer: shape.name,
          op: quantizer.signature,
          variant,
          params,
          inputs: { weight },
          outputs: quantized.parts,
        },
      ]);
    }
  }

  [Symbol.dispose](): void {
    this.#owned[Symbol.dispose]();
  }
}

/** Quantizes on the GPU; the weight in float32 is gone afterwards. */
function quantized(
  gpu: Gpu,
  weight: HostTensor,
  { quantType, blocksize }: ByteModelConfig,
): QuantizedWeight<Tensor> {
  using source = Tensor.from(gpu, weight);
  return quantizedWeight(gpu, source, blockFormatOf(quantType), blocksize);
}

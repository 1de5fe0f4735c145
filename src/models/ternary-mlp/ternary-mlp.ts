import { FlatParameters } from '../../autograd/flat-parameters.ts';
import type { Tape } from '../../autograd/tape.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { relu } from '../../ops/math/relu.ts';
import { ternaryQuantize } from '../../ops/quant/ternary_quantize.ts';
import type { Random } from '../../tensor/random.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { MlpConfig } from '../mlp/config.ts';
import { initialMlp } from '../mlp/initial.ts';
import type { Model } from '../model.ts';
import { ternaryLinear } from '../ternary-linear.ts';

const LAYERS = ['fc1', 'fc2', 'fc3'] as const;

/**
 * A multi-layer perceptron whose three linears use ternary weights: float weights are trained, and
 * each pass quantizes them anew.
 */
export class TernaryMlp implements Model {
  readonly parameters: FlatParameters;

  constructor(gpu: Gpu, config: MlpConfig, random: Random) {
    this.parameters = new FlatParameters(gpu, new Map(initialMlp(config, random)));
  }

  /** Logits [n, classes] of x f32 [n, inFeatures]. */
  forward(tape: Tape, inputs: { readonly x: Tensor }): Tensor {
    return LAYERS.reduce((x, name, i) => {
      const weight = this.parameters.view(`${name}.weight`);
      const bias = this.parameters.view(`${name}.bias`);
      const { y } = ternaryLinear(tape, name, x, { weight, bias });
      return i < LAYERS.length - 1 ? tape.apply(relu, { x: y }, {}, `${name}.relu`).y : y;
    }, inputs.x);
  }

  /** The bytes of packed trits of each linear, as the weights are now. */
  async packed(): Promise<Readonly<Record<string, Uint8Array>>> {
    const entries = LAYERS.map(async (name) => {
      const weight = this.parameters.view(`${name}.weight`);
      const outputs = ternaryQuantize.forward(weight.gpu, { weight }, {});
      const { data } = await outputs.packed.read();
      for (const output of Object.values(outputs)) output[Symbol.dispose]();
      return [name, data as Uint8Array] as const;
    });
    return Object.fromEntries(await Promise.all(entries));
  }

  [Symbol.dispose](): void {
    this.parameters[Symbol.dispose]();
  }
}

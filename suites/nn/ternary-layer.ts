import type { Tape } from '../../src/autograd/tape.ts';
import { Scope } from '../../src/gpu/scope.ts';
import { Layers } from '../../src/models/layers.ts';
import { format } from '../../src/quant/ternary/format.ts';
import { packTrits } from '../../src/quant/ternary/trits.ts';
import type { QuantizedWeight } from '../../src/quant/weight.ts';
import { product } from '../../src/reference/matmul/product.ts';
import type { Value } from '../../src/reference/record.ts';
import { hostTensor, hostTensorFrom } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';

/** Sizes of a layer and of what it is given. */
export interface TernarySizes {
  readonly rows: number;
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** Whether inputs and bias are whole numbers, so that every sum is exact. Default no. */
  readonly whole?: boolean;
}

/** What a layer multiplies by besides its trits: numbers with few bits, so that they are exact. */
const SCALE = 0.25;

/** A linear layer of drawn trits, with a scale and a bias, and inputs for it. */
export class TernaryLayer implements Disposable {
  readonly x: Tensor;
  /** Its trits, four a byte. */
  readonly packed: Tensor;
  /** What weight, bias and inputs are, in float64: weight [out, in] with its scale. */
  readonly host: Readonly<Record<'x' | 'weight' | 'bias', Value>>;
  readonly #owned = new Scope();
  readonly #values: ReadonlyMap<string, Tensor | QuantizedWeight<Tensor>>;

  constructor(t: CaseContext, { rows, inFeatures, outFeatures, whole }: TernarySizes) {
    const random = t.random();
    const shape = [outFeatures, inFeatures];
    const trits = random.fill(outFeatures * inFeatures, () => random.integer(-1, 1));
    const bytes = packTrits(trits);
    const draw = () => (whole ? random.integer(-9, 9) : Math.fround(random.normal()));
    const drawn = (count: number) => random.fill(count, draw);
    this.host = {
      x: { shape: [rows, inFeatures], data: drawn(rows * inFeatures) },
      weight: { shape, data: trits.map((trit) => trit * SCALE) },
      bias: { shape: [outFeatures], data: drawn(outFeatures) },
    };
    const upload = ({ shape: of, data }: Value) =>
      this.#owned.add(Tensor.from(t.gpu, hostTensorFrom('f32', of, data)));
    this.x = upload(this.host.x);
    this.packed = this.#owned.add(Tensor.from(t.gpu, hostTensor('u8', [bytes.length], bytes)));
    const parts = {
      packed: this.packed,
      scale: upload({ shape: [1], data: Float64Array.of(SCALE) }),
    };
    this.#values = new Map<string, Tensor | QuantizedWeight<Tensor>>([
      ['layer.weight', { format, shape, parts }],
      ['layer.bias', upload(this.host.bias)],
    ]);
  }

  /** Layers of a network on this tape, in which the name of the linear is `layer`. */
  on(tape: Tape): Layers {
    return new Layers(tape, {
      names: [...this.#values.keys()],
      view: (name) => this.#values.get(name) as Tensor | QuantizedWeight<Tensor>,
    });
  }

  /** Its outputs [rows, out] of `x`. */
  forward(tape: Tape): Tensor {
    return this.on(tape).linear('layer', this.x);
  }

  /** What {@link TernaryLayer.forward} gives, in float64. */
  expected(): Value {
    const { x, weight, bias } = this.host;
    const { shape, data } = product(x, weight, false, true);
    return {
      shape,
      data: data.map((sum, i) => sum + (bias.data[i % bias.data.length] as number)),
    };
  }

  [Symbol.dispose](): void {
    this.#owned[Symbol.dispose]();
  }
}

import { FlatParameters } from '../../src/autograd/flat-parameters.ts';
import type { Tape } from '../../src/autograd/tape.ts';
import { Layers } from '../../src/models/layers.ts';
import { product } from '../../src/reference/matmul/product.ts';
import type { Value } from '../../src/reference/record.ts';
import { hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { type Shape, sizeOf } from '../../src/tensor/shape.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';

/** Small integers, so that every legal order of additions gives the same sums. */
export function integers(t: CaseContext, stream: number, shape: Shape): Value {
  const random = t.random(stream);
  return { shape, data: random.fill(sizeOf(shape), () => random.integer(-3, 3)) };
}

export function upload(t: CaseContext, { shape, data }: Value): Tensor {
  return Tensor.from(t.gpu, hostTensorFrom('f32', shape, data));
}

export async function download(tensor: Tensor): Promise<Value> {
  return { shape: tensor.shape, data: valuesOf(await tensor.read()) };
}

/** The linear layer from 64 to 128 features that rows of the catalog name, of integers. */
export class SimpleLayer implements Disposable {
  readonly parameters: FlatParameters;
  readonly #weight: Value;
  readonly #bias: Value;

  constructor(t: CaseContext) {
    this.#weight = integers(t, 101, [128, 64]);
    this.#bias = integers(t, 102, [128]);
    const host = ({ shape, data }: Value) => hostTensorFrom('f32', shape, data);
    this.parameters = new FlatParameters(
      t.gpu,
      new Map([
        ['layer.weight', host(this.#weight)],
        ['layer.bias', host(this.#bias)],
      ]),
    );
  }

  get weights(): readonly Tensor[] {
    return this.parameters.names.map((name) => this.parameters.view(name));
  }

  forward(tape: Tape, x: Tensor): Tensor {
    return new Layers(tape, this.parameters).linear('layer', x);
  }

  /** What forward must give of x [rows, 64], computed here. */
  expected(x: Value): Value {
    const y = product(x, this.#weight, false, true);
    const bias = this.#bias.data;
    return { shape: y.shape, data: y.data.map((value, i) => value + (bias[i % 128] as number)) };
  }

  [Symbol.dispose](): void {
    this.parameters[Symbol.dispose]();
  }
}

import { GraphBuilder } from '../../graph/builder.ts';
import { type Call, callOf, mapped, type Named } from '../../graph/call.ts';
import type { Graph, ValueType } from '../../graph/graph.ts';
import { type DType, isHalf } from '../../tensor/dtype.ts';
import type { Shape } from '../../tensor/shape.ts';
import { cast } from '../../vocabulary/math/cast.ts';
import { matmul } from '../../vocabulary/matmul/matmul.ts';
import { LOSSES, PRODUCTS, storedAs } from '../autocast.ts';
import type { Values } from '../record.ts';

/** The format of products under torch.autocast. */
export type HalfType = 'float16' | 'bfloat16';

/** A type of values that are not computed yet. */
export const typed = (shape: Shape, dtype: DType = 'f32'): ValueType => ({ dtype, shape });

/** The types of float32 weights. */
export const typesOf = (weights: Values): Named<ValueType> =>
  mapped(weights, ({ shape }) => typed(shape));

/**
 * Writes the graph of a network from shapes alone, layer by layer. With `autocast` it casts as
 * torch.autocast does: operands of products to halves, those of losses to float32; all else follows
 * torch's promotion.
 */
export class GraphAuthor {
  readonly #builder: GraphBuilder<ValueType>;
  readonly #weights: Named<ValueType>;
  readonly #autocast: HalfType | undefined;

  /** `weights` are by their names in the state dict. */
  constructor(inputs: Named<ValueType>, weights: Named<ValueType>, autocast?: HalfType) {
    const names = Object.entries(weights).map(([name, type]) => [type, name] as const);
    this.#builder = new GraphBuilder<ValueType>(inputs, new Map(names));
    this.#weights = weights;
    this.#autocast = autocast;
  }

  /** Adds a call of `layer` and returns its output of this name and shape. */
  apply(layer: string, call: Call<ValueType>, shape: Shape, output = 'y'): ValueType {
    return this.applyAll(layer, call, { [output]: shape })[output] as ValueType;
  }

  /** As {@link GraphAuthor.apply}, with the shapes of several outputs. */
  applyAll<Name extends string>(
    layer: string,
    call: Call<ValueType>,
    shapes: Readonly<Record<Name, Shape>>,
  ): Readonly<Record<Name, ValueType>> {
    const inputs = mapped(call.inputs, (x, name) => this.#casted(layer, call.op.name, name, x));
    const dtype = storedAs(call.op.name, inputs);
    const outputs = mapped(shapes, (shape) => typed(shape, dtype));
    this.#builder.call({ layer, ...call, inputs, outputs });
    return outputs;
  }

  /** torch.nn.Linear over the last dimension of x. */
  linear(name: string, x: ValueType): ValueType {
    const b = this.weight(`${name}.weight`);
    const bias = this.#weights[`${name}.bias`];
    const shape = [...x.shape.slice(0, -1), b.shape[0] as number];
    return this.apply(name, callOf(matmul, { a: x, b, bias }, { transpose_b: true }), shape);
  }

  /** x in another shape. */
  view(x: ValueType, shape: Shape): ValueType {
    const y = typed(shape, x.dtype);
    this.#builder.view(x, y);
    return y;
  }

  weight(name: string): ValueType {
    return this.#weights[name] as ValueType;
  }

  build(outputs: Named<ValueType>): Graph {
    return this.#builder.build(outputs);
  }

  #casted(layer: string, op: string, name: string, x: ValueType): ValueType {
    const half = this.#autocast;
    const at = `${layer}.${name}`;
    if (half && PRODUCTS[op]?.includes(name) && x.dtype === 'f32')
      return this.#cast(at, x, half, half === 'float16' ? 'f16' : 'bf16');
    if (half && LOSSES[op]?.includes(name) && isHalf(x.dtype))
      return this.#cast(at, x, 'float32', 'f32');
    return x;
  }

  #cast(layer: string, x: ValueType, to: HalfType | 'float32', dtype: DType): ValueType {
    const y = typed(x.shape, dtype);
    this.#builder.call({ layer, ...callOf(cast, { x }, { to }), outputs: { y } });
    return y;
  }
}

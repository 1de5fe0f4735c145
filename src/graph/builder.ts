import { ruleOf } from '../vocabulary/signature.ts';
import { type LayerCall, mapped, type Named } from './call.ts';
import { GraphError } from './error.ts';
import type { CallNode, Graph, ValueId, ValueType, View } from './graph.ts';

/**
 * Builds a graph of what a party does, told call by call in forward order. A tensor is known by its
 * identity; one that no call gave is an input or a constant.
 */
export class GraphBuilder<T extends ValueType> {
  readonly #ids = new Map<T, ValueId>();
  readonly #values: ValueType[] = [];
  readonly #nodes: (CallNode | View)[] = [];
  readonly #inputs: Named<ValueId>;
  readonly #names: ReadonlyMap<T, string>;
  readonly #constants = new Map<string, T>();

  /**
   * `inputs` are what a run is given each time; `names` are those of constants in the state dict.
   */
  constructor(inputs: Named<T>, names: ReadonlyMap<T, string> = new Map()) {
    this.#names = names;
    const add = (tensor: T) => this.#add(tensor);
    this.#inputs = mapped(inputs, add);
  }

  /** What the calls read that none of them gave and that is no input, by name. */
  get constants(): ReadonlyMap<string, T> {
    return this.#constants;
  }

  /** Adds a forward call. What only its own backward pass reads is left out. */
  call({ layer, op, params, inputs, outputs }: LayerCall<T>): void {
    const read = mapped(inputs, (tensor, name) => this.#idOf(tensor, `${layer}.${name}`));
    const given = Object.entries(outputs).filter(([name]) => ruleOf(op.outputs, name));
    const results = mapped(Object.fromEntries(given), (tensor) => this.#add(tensor));
    this.#nodes.push({ layer, op, params, inputs: read, outputs: results });
  }

  /** Adds `view`, the elements of `of` in another shape. */
  view(of: T, view: T): void {
    this.#nodes.push({
      of: this.#idOf(of, `constant${this.#constants.size}`),
      view: this.#add(view),
    });
  }

  /** The graph that gives `outputs`. Throws {@link GraphError} for an output that no call gave. */
  build(outputs: Named<T>): Graph {
    const results = mapped(outputs, (tensor, name) => {
      const id = this.#ids.get(tensor);
      if (id === undefined)
        throw new GraphError(`the output ${name} was given by no recorded call`);
      return id;
    });
    return {
      values: this.#values,
      inputs: this.#inputs,
      constants: mapped(
        Object.fromEntries(this.#constants),
        (tensor) => this.#ids.get(tensor) as ValueId,
      ),
      nodes: this.#nodes,
      outputs: results,
    };
  }

  #idOf(tensor: T, otherName: string): ValueId {
    const known = this.#ids.get(tensor);
    if (known !== undefined) return known;
    this.#constants.set(this.#names.get(tensor) ?? otherName, tensor);
    return this.#add(tensor);
  }

  #add(tensor: T): ValueId {
    const id = this.#values.push({ dtype: tensor.dtype, shape: tensor.shape }) - 1;
    this.#ids.set(tensor, id);
    return id;
  }
}

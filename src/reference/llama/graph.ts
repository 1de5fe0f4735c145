import { InvariantError } from '../../errors.ts';
import type { GivenParams, InputsOf, Signature } from '../../vocabulary/signature.ts';
import type { RecordOf } from '../define.ts';
import type { OpRecord, Value, Values } from '../record.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import type { Simulation } from '../simulation/simulation.ts';

/** What of a record computes. */
type Computed<Params> = Pick<OpRecord<Params>, 'name' | 'forward' | 'vjp'>;

/** One use of a record: what backward needs of it. */
interface Node {
  readonly inputs: Values;
  readonly output: Value;
  readonly vjp: (grad: Value) => Values;
}

/**
 * Float32 arithmetic instead of float64: a simulated GPU, and what it computes by op. An op that
 * only copies needs no simulation.
 */
export interface Float32 {
  readonly gpu: SimulatedGpu;
  readonly simulations: ReadonlyMap<string, Simulation>;
}

/**
 * Reverse-mode differentiation over what the ops' records say of forward and VJP: in float64, or in
 * the float32 of a simulated GPU.
 */
export class Graph {
  readonly #float32: Float32 | undefined;
  readonly #nodes: Node[] = [];

  constructor(float32: Float32 | undefined) {
    this.#float32 = float32;
  }

  /** The output `name` of the record's op. */
  apply<S extends Signature>(
    record: RecordOf<S>,
    inputs: InputsOf<S, Value>,
    params: GivenParams<S>,
    name?: string,
  ): Value;
  apply<Params>(record: Computed<Params>, inputs: Values, params: Params, name?: string): Value;
  apply(record: Computed<object>, inputs: Values, params: object, name = 'y'): Value {
    const { forward, vjp } = computed(record, this.#float32);
    const output = forward(inputs, params)[name];
    if (!output || !vjp)
      throw new InvariantError(`${record.name} has no output ${name}, or no VJP`);
    this.#nodes.push({ inputs, output, vjp: (grad) => vjp(inputs, params, { [name]: grad }) });
    return output;
  }

  /** The gradient of every value that leads to `root`, given that of the root. */
  backward(root: Value, seed: Value): ReadonlyMap<Value, Value> {
    const flow = new Map([[root, seed]]);
    for (const { inputs, output, vjp } of this.#nodes.toReversed()) {
      const grad = flow.get(output);
      if (!grad) continue;
      for (const [name, gradient] of Object.entries(vjp(grad))) {
        const input = inputs[name];
        if (input) flow.set(input, this.#sum(flow.get(input), gradient));
      }
    }
    return flow;
  }

  #sum(before: Value | undefined, gradient: Value): Value {
    if (!before) return gradient;
    const gpu = this.#float32?.gpu;
    const add = gpu ? (a: number, b: number) => gpu.add(a, b) : (a: number, b: number) => a + b;
    return {
      shape: before.shape,
      data: before.data.map((x, i) => add(x, gradient.data[i] as number)),
    };
  }
}

/** What computes an op: its record, or its simulation, whose sums are one after another. */
function computed<Params>(
  record: Computed<Params>,
  float32: Float32 | undefined,
): Computed<Params> {
  const simulation = float32?.simulations.get(record.name) as Simulation<Params> | undefined;
  if (!float32 || !simulation) return record;
  const { gpu } = float32;
  const { forward, backward } = simulation;
  return {
    name: record.name,
    forward: (inputs, params) => forward(gpu, inputs, params, 'naive'),
    ...(backward
      ? { vjp: (inputs, params, grads) => backward(gpu, inputs, params, grads, 'naive') }
      : {}),
  };
}

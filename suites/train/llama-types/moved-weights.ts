import { type Graph, isView, type ValueId } from '../../../src/graph/graph.ts';
import { callOfNode, run } from '../../../src/graph/run.ts';
import type { GraphValues } from '../../../src/reference/backward.ts';
import type { Value, Values } from '../../../src/reference/record.ts';
import { referenceRunner } from '../../../src/reference/runner.ts';

/**
 * A graph in float64 around one point: its loss where one constant is another is reckoned from the
 * calls alone that hang on that constant.
 */
export class MovedWeights {
  readonly #graph: Graph;
  readonly #at: GraphValues;

  private constructor(graph: Graph, at: GraphValues) {
    this.#graph = graph;
    this.#at = at;
  }

  /** `given` holds inputs and constants by name. */
  static async of(graph: Graph, given: Values): Promise<MovedWeights> {
    return new MovedWeights(graph, await run(graph, referenceRunner, given));
  }

  /** The slope of the loss along one number of a constant, by a central difference of this step. */
  slope(name: string, index: number, step: number): number {
    const id = this.#graph.constants[name] as ValueId;
    const { shape, data } = this.#at.get(id) as Value;
    const [ahead, behind] = [step, -step].map((by) => {
      const moved = data.slice();
      moved[index] = (moved[index] as number) + by;
      return this.#lossWith(id, { shape, data: moved });
    }) as [number, number];
    return (ahead - behind) / (2 * step);
  }

  #lossWith(id: ValueId, value: Value): number {
    const moved = new Map<ValueId, Value>([[id, value]]);
    const values = { get: (of: ValueId) => moved.get(of) ?? this.#at.get(of) } as GraphValues;
    for (const node of this.#graph.nodes) {
      if (isView(node)) {
        const of = moved.get(node.of);
        const { shape } = this.#at.get(node.view) as Value;
        if (of) moved.set(node.view, referenceRunner.view(of, shape));
        continue;
      }
      if (!Object.values(node.inputs).some((input) => input !== undefined && moved.has(input)))
        continue;
      const results = referenceRunner.run(callOfNode(node, values));
      for (const [output, of] of Object.entries(node.outputs))
        moved.set(of, results[output] as Value);
    }
    return (moved.get(this.#graph.outputs['loss'] as ValueId) as Value).data[0] as number;
  }
}

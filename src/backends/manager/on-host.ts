import { type Call, mapped, type Results } from '../../graph/call.ts';
import { run } from '../../graph/run.ts';
import { llamaConfigOf } from '../../models/llama/model-config.ts';
import { decoded, isQuantized } from '../../quant/weight.ts';
import { constantsOf, llamaGraph } from '../../reference/llama/model.ts';
import type { Values } from '../../reference/record.ts';
import { type HostTensor, hostTensorFrom } from '../../tensor/host.ts';
import type { Backend } from '../backend.ts';
import { backendRunner } from '../runner.ts';
import { BackendError } from './backend-error.ts';
import { type HostModel, isCoded, type ModelValue, tensorsOf } from './host-model.ts';
import type { PlacedBytes, PlacedModel } from './placed-model.ts';

const bytesOf = ({ data }: HostTensor): number => data.byteLength;

/**
 * A model whose ops a backend computes one after another, from the memory of the host back to it: the
 * graph of transformers' code, which has no layout in common with the engine's own.
 */
export class ModelOnHost implements PlacedModel {
  readonly name: string;
  readonly #backend: Backend;
  #host: HostModel;
  readonly #held: number;
  #live: number;
  #peak: number;

  constructor(backend: Backend, host: HostModel) {
    this.name = backend.name;
    this.#backend = backend;
    this.#host = host;
    const tensors = [...host.values.values()].flatMap((value) => Object.values(tensorsOf(value)));
    this.#held = tensors.reduce((sum, tensor) => sum + bytesOf(tensor), 0);
    this.#live = this.#held;
    this.#peak = this.#held;
  }

  get bytes(): PlacedBytes {
    return { live: this.#live, peak: this.#peak };
  }

  /** Throws BackendError `backend-lacks` for an op that the backend has not, and weights in codes. */
  async logits(ids: HostTensor): Promise<HostTensor> {
    const { config, values } = this.#host;
    const weights: Record<string, HostTensor> = {};
    for (const [name, value] of values) weights[name] = this.#inFloats(name, value);
    const shapes = mapped(weights, ({ shape }) => ({ shape, data: new Float64Array() }));
    const model = { config: llamaConfigOf(config, ids.shape[1] as number), batch: ids.shape };
    const graph = llamaGraph({ ...model, weights: shapes, endsInLogits: true });
    const tables = inFloat32(constantsOf({ ...model, weights: {} }));
    for (const tensor of [...Object.values(tables), ids]) this.#add(bytesOf(tensor));
    try {
      const values = await run(graph, backendRunner(this.#counting()), {
        ...{ ...weights, ...tables, ids },
      });
      return values.get(graph.outputs['logits'] as number) as HostTensor;
    } finally {
      this.#live = this.#held;
    }
  }

  async toHost(): Promise<HostModel> {
    return this.#host;
  }

  [Symbol.dispose](): void {
    this.#host = { ...this.#host, values: new Map() };
    this.#live = 0;
  }

  /** A weight in floats; what was decoded is beside what it was decoded from. */
  #inFloats(name: string, value: ModelValue): HostTensor {
    if (isCoded(value))
      throw new BackendError(
        'backend-lacks',
        `${name} is in codes, which ${this.name} does not multiply: choose webgpu, or give the model in floats`,
      );
    if (!isQuantized(value)) return value;
    const floats = hostTensorFrom('f32', value.shape, decoded(value));
    this.#add(bytesOf(floats));
    return floats;
  }

  /** The backend, with all that it gives counted. */
  #counting(): Backend {
    const { name } = this;
    const backend = this.#backend;
    return {
      name,
      supports: (op) => backend.supports(op),
      run: async (call: Call<HostTensor>): Promise<Results<HostTensor>> => {
        if (!backend.supports(call.op.name))
          throw new BackendError(
            'backend-lacks',
            `${name} has no op ${call.op.name}: choose webgpu or reference`,
          );
        const results = await backend.run(call);
        for (const tensor of Object.values(results.outputs)) this.#add(bytesOf(tensor));
        return results;
      },
    };
  }

  #add(bytes: number): void {
    this.#live += bytes;
    this.#peak = Math.max(this.#peak, this.#live);
  }
}

function inFloat32(values: Values): Record<string, HostTensor> {
  return Object.fromEntries(
    Object.entries(values).map(([name, { dtype = 'f32', shape, data }]) => [
      name,
      hostTensorFrom(dtype, shape, data),
    ]),
  );
}

import { Tape } from '../../autograd/tape.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { codedOnDevice, decodedTable } from '../../models/llama/coded-weight.ts';
import { Llama } from '../../models/llama/llama.ts';
import { blockLinears } from '../../models/llama/lora/module-names.ts';
import { llamaConfigOf } from '../../models/llama/model-config.ts';
import { isQuantized, type QuantizedWeight, withParts } from '../../quant/weight.ts';
import type { DeviceWeight } from '../../quantizer/coding.ts';
import { layerOf } from '../../quantizer/quantizer.ts';
import type { HostTensor } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { type HostModel, isCoded, type ModelValue } from './host-model.ts';
import type { PlacedBytes, PlacedModel } from './placed-model.ts';

/** A model on a device of WebGPU, computed by the engine's own kernels. */
export class ModelOnDevice implements PlacedModel {
  readonly name: string;
  readonly #gpu: Gpu;
  readonly #host: HostModel;
  readonly #model: Llama;
  /** Tables in codes, which the model reads decoded. */
  readonly #tables: ReadonlyMap<string, DeviceWeight>;
  readonly #owned: Scope;
  readonly #before: number;

  /** Uploads a model for texts of at most `length` tokens; `name` is that of the backend. */
  constructor(gpu: Gpu, host: HostModel, length: number, name: string) {
    using owned = new Scope();
    this.name = name;
    this.#gpu = gpu;
    this.#host = host;
    this.#before = gpu.memory.ledger.liveBytes;
    gpu.memory.resetPeak();
    const linears = blockLinears(host.config);
    const frozen = new Map<string, HostTensor | QuantizedWeight<HostTensor> | Tensor>();
    const packed = new Map<string, DeviceWeight>();
    const tables = new Map<string, DeviceWeight>();
    using loose = new Scope();
    for (const [name, value] of host.values) {
      if (!isCoded(value)) frozen.set(name, value);
      else if (linears.has(layerOf(name))) {
        const weight = codedOnDevice(gpu, value);
        loose.addAll(weight.parts);
        packed.set(name, weight);
      } else {
        const weight = codedOnDevice(gpu, value);
        owned.addAll(weight.parts);
        tables.set(name, weight);
        frozen.set(name, loose.add(decodedTable(gpu, value)));
      }
    }
    const config = llamaConfigOf(host.config, length);
    this.#model = owned.add(new Llama(gpu, config, { trained: new Map(), frozen }));
    loose.move(); // the model has them
    this.#model.values.replace(packed);
    this.#tables = tables;
    this.#owned = owned.move();
  }

  get bytes(): PlacedBytes {
    const { liveBytes, peakBytes } = this.#gpu.memory.ledger;
    return { live: liveBytes - this.#before, peak: peakBytes - this.#before };
  }

  async logits(ids: HostTensor): Promise<HostTensor> {
    using device = Tensor.from(this.#gpu, ids);
    using tape = new Tape(this.#gpu);
    return await this.#model.forward(tape, { ids: device }).read();
  }

  async toHost(): Promise<HostModel> {
    const values = new Map<string, ModelValue>();
    for (const [name, value] of this.#host.values) {
      const on = this.#tables.get(name) ?? this.#model.values.view(name);
      values.set(name, await readBack(value, on));
    }
    return { config: this.#host.config, values };
  }

  [Symbol.dispose](): void {
    this.#owned[Symbol.dispose]();
  }
}

async function readBack(value: ModelValue, on: Tensor | DeviceWeight): Promise<ModelValue> {
  if (on instanceof Tensor) return await on.read();
  const parts: Record<string, HostTensor> = {};
  for (const [name, part] of Object.entries(on.parts)) parts[name] = await part.read();
  if (isCoded(value)) return { ...value, parts };
  return isQuantized(value) ? withParts(value, (_, part) => parts[part] as HostTensor) : value;
}

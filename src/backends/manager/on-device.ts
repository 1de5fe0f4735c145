import { Tape } from '../../autograd/tape.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { codedOnDevice, codedRows, decodedTable } from '../../models/llama/coded-weight.ts';
import { Llama } from '../../models/llama/llama.ts';
import { blockLinears } from '../../models/llama/lora/module-names.ts';
import { llamaConfigOf } from '../../models/llama/model-config.ts';
import { rowParts } from '../../models/llama/row-parts.ts';
import { isQuantized, type QuantizedWeight, withParts } from '../../quant/weight.ts';
import type { DeviceWeight } from '../../quantizer/coding.ts';
import { layerOf } from '../../quantizer/kept-layers.ts';
import type { HostTensor } from '../../tensor/host.ts';
import { cutRows, JoinedRows } from '../../tensor/joined-rows.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { type HostModel, isCoded, type ModelValue } from './host-model.ts';
import type { PlacedBytes, PlacedModel } from './placed-model.ts';

/** A model on a device of WebGPU, computed by the engine's own kernels. */
export class ModelOnDevice implements PlacedModel {
  readonly name: string;
  readonly #gpu: Gpu;
  readonly #host: HostModel;
  readonly #model: Llama;
  /** Rows of tables in codes, which the model reads decoded. */
  readonly #tables: ReadonlyMap<string, readonly DeviceWeight[]>;
  readonly #owned: Scope;
  readonly #before: number;

  /**
   * Uploads a model for texts of at most `length` tokens; `name` is that of the backend. A table that
   * no kernel reaches at once lies in several tensors of whole rows. Throws ShapeError for another
   * value that none reaches.
   */
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
    const tables = new Map<string, readonly DeviceWeight[]>();
    using loose = new Scope();
    for (const [name, value] of host.values) {
      if (isCoded(value) && linears.has(layerOf(name))) {
        const weight = codedOnDevice(gpu, value);
        loose.addAll(weight.parts);
        packed.set(name, weight);
      } else if (isCoded(value)) {
        const rows: DeviceWeight[] = [];
        for (const part of rowParts(gpu, name, value.shape)) {
          const coded = codedRows(value, part);
          const weight = codedOnDevice(gpu, coded);
          owned.addAll(weight.parts);
          rows.push(weight);
          frozen.set(part.name, loose.add(decodedTable(gpu, coded)));
        }
        tables.set(name, rows);
      } else if (isQuantized(value)) frozen.set(name, value);
      else for (const [part, rows] of inParts(gpu, name, value)) frozen.set(part, rows);
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
      const on = this.#tables.get(name) ??
        this.#model.partedTable(name)?.parts ?? [this.#model.values.view(name)];
      values.set(name, await readBack(value, on));
    }
    return { config: this.#host.config, values };
  }

  [Symbol.dispose](): void {
    this.#owned[Symbol.dispose]();
  }
}

/** A value in floats as the model's values have it, by their names. */
function inParts(
  gpu: Gpu,
  name: string,
  value: HostTensor,
): readonly (readonly [string, HostTensor])[] {
  const parts = rowParts(gpu, name, value.shape);
  if (parts.length === 1) return [[name, value]];
  const [, ...rest] = value.shape;
  const rows = cutRows(
    value,
    parts.map(({ count }) => [count, ...rest]),
  );
  return parts.map((part, i) => [part.name, rows[i] as HostTensor]);
}

/** A value whose rows lie on the device in one weight or several. */
async function readBack(
  value: ModelValue,
  on: readonly (Tensor | DeviceWeight)[],
): Promise<ModelValue> {
  if (!isCoded(value) && !isQuantized(value)) return await new JoinedRows(on as Tensor[]).read();
  const weights = on as DeviceWeight[];
  const parts: Record<string, HostTensor> = {};
  for (const name of Object.keys(value.parts)) {
    const tensors = weights.map((weight) => weight.parts[name] as Tensor);
    parts[name] = await new JoinedRows(tensors).read();
  }
  if (isCoded(value)) return { ...value, parts };
  return withParts(value, (_, part) => parts[part] as HostTensor);
}

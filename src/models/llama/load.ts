import { quote } from '../../formats/format-error.ts';
import type { Architecture } from '../../formats/hugging-face/architecture.ts';
import { Checkpoint } from '../../formats/hugging-face/checkpoint.ts';
import { CheckpointError } from '../../formats/hugging-face/checkpoint-error.ts';
import { isPrequantized } from '../../formats/hugging-face/config.ts';
import { modelConfigIn } from '../../formats/hugging-face/model-folder.ts';
import type { ModelFolder } from '../../formats/hugging-face/shards.ts';
import { type StoredTensor, toHostTensor } from '../../formats/safetensors/stored.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { isQuantized } from '../../quant/weight.ts';
import type { DeviceWeight } from '../../quantizer/coding.ts';
import { layerOf } from '../../quantizer/kept-layers.ts';
import { type LayerOptions, type Policy, plannedLayers } from '../../quantizer/policy.ts';
import {
  createQuantizer,
  type Quantizer,
  type QuantizerBackend,
} from '../../quantizer/quantizer.ts';
import { QuantizerError } from '../../quantizer/quantizer-error.ts';
import { schemeOf } from '../../quantizer/registry.ts';
import { ROWS_OF_WHOLE_WORDS } from '../../quantizer/rows.ts';
import { bytesPerElement } from '../../tensor/dtype.ts';
import { type HostTensor, hostTensorFrom, valuesOf } from '../../tensor/host.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { holding, type Tensor } from '../../tensor/tensor.ts';
import { placed, type ValueHome } from '../../tensor/value-home.ts';
import {
  type BlockExpansion,
  type ExpandedNames,
  expandedModel,
  expandedNames,
  startsAsZero,
} from './block-expansion.ts';
import { codedOnDevice, codedRows, decodedTable, fourBitsOnDevice } from './coded-weight.ts';
import type { LlamaConfig } from './config.ts';
import { Llama } from './llama.ts';
import { type AdapterStart, initialAdapters } from './lora/initial-adapters.ts';
import { startMagnitude } from './lora/magnitudes.ts';
import { blockLinears } from './lora/module-names.ts';
import { retrainedName } from './lora/retrained.ts';
import { llamaConfigOf } from './model-config.ts';
import { rowParts } from './row-parts.ts';

/**
 * How the linears of blocks are quantized while they are read; the head stays in floats, and all that
 * a library left so.
 */
export interface QuantizedLoading {
  /** Who has the ops of the method. */
  readonly backend: QuantizerBackend;
  readonly options: LayerOptions;
  /** What becomes of single layers. Default all are quantized alike. */
  readonly policy?: Policy | undefined;
}

/** How a folder becomes a model. */
export interface LoadOptions extends Pick<LlamaConfig, 'checkpointing'> {
  /** Tokens of the longest text that the model is to read. */
  readonly length: number;
  /** Which values are trained, by transformers' names. Default none: all of them are frozen. */
  readonly trains?: (name: string) => boolean;
  /** Default no. */
  readonly quantized?: QuantizedLoading | undefined;
  /** Copies of blocks, which are trained, in floats. Default none. */
  readonly expansion?: BlockExpansion | undefined;
  /** Numbers of the blocks that are no part of the frozen model, copied now or before. Default none. */
  readonly added?: readonly number[] | undefined;
  /** What is trained itself starts from these, by its names, in place of the folder's. */
  readonly values?: ReadonlyMap<string, HostTensor> | undefined;
  /** Adapters over the frozen base. Default none. */
  readonly adapters?: AdapterStart | undefined;
  /** Where all values lie but while they are used. Default they lie on the device. */
  readonly home?: ValueHome | undefined;
}

/** Bytes of a weight in floats that are on the device at once, where its rows can be apart. */
const MOST_AT_ONCE = 2 ** 24;

/** The same for a smaller weight: half of it, as what its codes stand for is there too. */
function bytesAtOnce([rows = 1, ...rest]: Shape): number {
  const width = sizeOf(rest) * bytesPerElement('f32');
  const half = Math.ceil(rows / 2 / ROWS_OF_WHOLE_WORDS) * ROWS_OF_WHOLE_WORDS;
  return width * Math.max(ROWS_OF_WHOLE_WORDS, Math.min(half, Math.floor(MOST_AT_ONCE / width)));
}

/**
 * A Llama, Qwen2, Qwen3 or Mistral from a folder of transformers: config.json, and weights as
 * safetensors in one file or in shards. Tensor after tensor becomes f32 on the device, or is
 * quantized there, so that of frozen ones the host holds no more than one, and the device none of
 * the weights in floats that are kept quantized but the one in the making. A folder that a
 * library quantized stays as it is, its floats too. A table that no kernel reaches at once lies in
 * several tensors of whole rows. The caller owns the model.
 * Throws ConfigError, CheckpointError, QuantizerError and AdapterError, which name every fault of
 * the folder, before anything is uploaded.
 */
export async function loadLlama(
  gpu: Gpu,
  folder: ModelFolder,
  { length, checkpointing = false, trains = () => false, ...options }: LoadOptions,
): Promise<Llama> {
  const { expansion, added, values, adapters, home } = options;
  const given = await modelConfigIn(folder);
  const quantized = isPrequantized(given) ? undefined : options.quantized;
  const checkpoint = await Checkpoint.open(folder, given);
  const config = expansion ? expandedModel(given, expansion) : given;
  const retrained = [...(adapters?.retrained ?? [])];
  const isSource = (name: string) => retrained.some(([, { source }]) => source === name);
  const places = placesOf(checkpoint, (name) => trains(name) || isSource(name), expansion);
  const plan = quantized ? quantizationPlan(config, quantized) : new Map<string, LayerOptions>();
  const quantizer = quantized && createQuantizer(quantized.backend, quantized.options);
  const trained = new Map<string, HostTensor>(adapters ? initialAdapters(config, adapters) : []);
  const linears = blockLinears(config);
  const isBlockLinear = (name: string) => linears.has(layerOf(name));
  using uploaded = new Scope();
  const frozen = new Map<string, Tensor>();
  const packed = new Map<string, DeviceWeight>();
  const pack = async (name: string, weight: DeviceWeight) => {
    uploaded.addAll(weight.parts);
    const own = home ? await weightIn(home, weight) : weight;
    if (home) uploaded.addAll(own.parts);
    packed.set(name, own);
  };
  for (const [source, { name, copy }] of places) {
    if (checkpoint.isQuantized(source)) {
      const coded = await checkpoint.readCoded(source);
      if (coded) {
        if (isBlockLinear(name)) await pack(name, codedOnDevice(gpu, coded));
        else
          for (const part of rowParts(gpu, name, coded.shape)) {
            const table = decodedTable(gpu, codedRows(coded, part));
            frozen.set(part.name, uploaded.add(home ? await movedTo(home, table) : table));
          }
        await gpu.finish();
        continue;
      }
      await pack(name, fourBitsOnDevice(gpu, await checkpoint.readQuantized(source)));
      await gpu.finish();
      continue;
    }
    const starting = adapters?.values ? [] : retrained.filter(([, from]) => from.source === name);
    const parts = rowParts(gpu, name, checkpoint.shapeOf(source));
    if (parts.length > 1 && !trains(name)) {
      for (const part of parts) {
        const rows = await checkpoint.readRows(source, part.first, part.count);
        frozen.set(part.name, uploaded.add(placed(gpu, inFloat32(rows), home)));
        await gpu.finish();
      }
      for (const [own] of starting)
        trained.set(retrainedName(own), inFloat32(await checkpoint.read(source)));
      continue;
    }
    const stored = await checkpoint.read(source);
    if (copy) trained.set(copy, values?.get(copy) ?? copied(copy, stored));
    for (const [own] of starting) trained.set(retrainedName(own), inFloat32(stored));
    const options = plan.get(layerOf(name));
    if (quantizer && options && name.endsWith('.weight')) {
      await pack(name, quantizedRows(gpu, quantizer, name, stored, options));
    } else if (trains(name)) trained.set(name, values?.get(name) ?? inFloat32(stored));
    else frozen.set(name, uploaded.add(placed(gpu, inFloat32(stored), home)));
    // What was written waits in memory of the host until the queue has taken it.
    await gpu.finish();
  }
  await home?.settle();
  for (const [name, { use_dora }] of adapters?.modules ?? []) {
    if (!use_dora || trained.has(`${name}.magnitude`)) continue;
    const weight = (packed.get(`${name}.weight`) ?? frozen.get(`${name}.weight`)) as Tensor;
    using _held = holding(isQuantized(weight) ? Object.values<Tensor>(weight.parts) : [weight]);
    const lora_A = trained.get(`${name}.lora_A`) as HostTensor;
    const lora_B = trained.get(`${name}.lora_B`) as HostTensor;
    trained.set(`${name}.magnitude`, await startMagnitude(weight, { lora_A, lora_B }, name));
  }
  using made = new Scope();
  const model = made.add(
    new Llama(
      gpu,
      { ...llamaConfigOf(config, length), checkpointing },
      { trained, frozen, adapters: adapters?.modules, added, home },
    ),
  );
  uploaded.move(); // the model has them
  model.values.replace(packed);
  await home?.settle();
  made.move();
  return model;
}

/**
 * Where each tensor of a checkpoint goes. Throws CheckpointError for one in codes that is to be
 * trained, itself or its copy.
 */
export function placesOf(
  checkpoint: Checkpoint,
  trains: (name: string) => boolean,
  expansion: BlockExpansion | undefined,
): ReadonlyMap<string, ExpandedNames> {
  const places = new Map<string, ExpandedNames>();
  for (const source of checkpoint.names) {
    const place = expansion ? expandedNames(source, expansion) : { name: source };
    if (checkpoint.isQuantized(source) && (place.copy || trains(place.name)))
      throw wholeInCodes(source);
    places.set(source, place);
  }
  return places;
}

/** The weight with its parts in their home. */
async function weightIn(home: ValueHome, weight: DeviceWeight): Promise<DeviceWeight> {
  const parts: Record<string, Tensor> = {};
  for (const [name, part] of Object.entries(weight.parts)) parts[name] = await movedTo(home, part);
  return { ...weight, parts };
}

/** The tensor in its home; the one on the device is freed. */
async function movedTo(home: ValueHome, device: Tensor): Promise<Tensor> {
  using own = device;
  return home.place(own.gpu, await own.read());
}

/** What the tensor of a copy starts as. */
function copied(name: string, stored: StoredTensor): HostTensor {
  const { shape } = stored;
  return startsAsZero(name)
    ? hostTensorFrom('f32', shape, new Float64Array(sizeOf(shape)))
    : inFloat32(stored);
}

const wholeInCodes = (name: string): CheckpointError => {
  const message = `${quote(name)} is stored in codes, and such weights are not trained whole: train adapters over them, or give the model in floats`;
  return new CheckpointError([{ code: 'quantized', message }]);
};

/**
 * How each linear of a block is quantized. Throws QuantizerError `policy-unmatched`, `quant-method`.
 */
export function quantizationPlan(
  model: Architecture,
  { options, policy = {} }: Pick<QuantizedLoading, 'options' | 'policy'>,
): ReadonlyMap<string, LayerOptions> {
  const linears = blockLinears(model);
  const plan = plannedLayers([...linears.keys()], policy, options);
  for (const [layer, own] of plan) {
    const shape = linears.get(layer) as Shape;
    const { method, refuses } = schemeOf(own, shape);
    const why = refuses?.(shape);
    if (why)
      throw new QuantizerError(
        'quant-method',
        `${layer} ${formatShape(shape)} by ${method.name}: ${why}`,
      );
  }
  return plan;
}

function quantizedRows(
  gpu: Gpu,
  quantizer: Quantizer,
  name: string,
  stored: StoredTensor,
  options: LayerOptions,
): DeviceWeight {
  const { shape, bytes, dtype } = stored;
  const [rows = 1, ...rest] = shape;
  const width = bytes.length / rows;
  const read = (first: number, count: number) =>
    inFloat32({
      dtype,
      shape: [count, ...rest],
      bytes: bytes.subarray(first * width, (first + count) * width),
    });
  const isApart = schemeOf(options, shape).rowsApart?.(shape) ?? false;
  return quantizer.quantizeRows(gpu, { shape, read }, layerOf(name), {
    options,
    ...(isApart ? { bytes: bytesAtOnce(shape) } : {}),
  });
}

function inFloat32(stored: StoredTensor): HostTensor {
  const host = toHostTensor(stored);
  return host.dtype === 'f32' ? host : hostTensorFrom('f32', host.shape, valuesOf(host));
}

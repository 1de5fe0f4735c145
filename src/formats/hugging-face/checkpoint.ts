import { messageOf } from '../../errors.ts';
import type { HostTensor } from '../../tensor/host.ts';
import { formatShape, type Shape, sameShape, sizeOf } from '../../tensor/shape.ts';
import { KIND_BYTES } from '../file-kind.ts';
import { quote } from '../format-error.ts';
import type { PartFile } from '../part-file.ts';
import {
  type CheckpointWeight,
  fourBitScheme,
  quantizedNames,
  readQuantized,
} from '../quantized-checkpoint.ts';
import type { StoredDType, StoredTensor } from '../safetensors/stored.ts';
import { headerLength, LENGTH_BYTES, readHeader, type SafetensorsEntry } from '../safetensors.ts';
import { EMBEDDINGS, HEAD, tensorShapes } from './architecture.ts';
import { CheckpointError, type CheckpointFault } from './checkpoint-error.ts';
import {
  type CodedPlace,
  type CodedScheme,
  type CodedWeight,
  codedFaults,
  codedPart,
  codedPlaces,
  type StoredCodes,
} from './coded-weights.ts';
import { isPrequantized, type ModelConfig } from './config.ts';
import { requireFinite, requireFiniteBlocks } from './finite-weights.ts';
import { type ModelFolder, type Shards, shardsOf } from './shards.ts';

/** Where a tensor of a checkpoint lies. */
interface Place extends Omit<SafetensorsEntry, 'name' | 'start' | 'end'> {
  readonly shard: string;
  readonly file: PartFile;
  /** In bytes from the start of the file. */
  readonly start: number;
  readonly end: number;
}

/** Weights that are in codes by their names. */
interface Codes {
  /** In 4 bits of bitsandbytes, with all tensors of each. */
  readonly quantized: ReadonlyMap<string, readonly string[]>;
  readonly coded: ReadonlyMap<string, CodedPlace>;
}

/** Element types of weights that are not quantized. */
const FLOATS = ['F32', 'F16', 'BF16'];

/** The libraries whose codes are read as they lie, by transformers' name, MLX's or GGUF's. */
const LIBRARIES = ['bitsandbytes', 'mlx', 'gguf'];

/** Read of either tensor at once, where two are compared. */
const COMPARED_BYTES = 2 ** 24;

/** Buffers of older checkpoints, which follow from the configuration; transformers leaves them out. */
const IS_BUFFER = /^model\.layers\.\d+\.self_attn\.rotary_emb\.inv_freq$/;

/**
 * The weights of a folder of transformers, in one file or in shards. Of each file the header is
 * read when it is opened, and of a tensor its own bytes when it is asked for.
 */
export class Checkpoint {
  readonly #places: ReadonlyMap<string, Place>;
  /** The tensors of each weight that is quantized. */
  readonly #quantized: ReadonlyMap<string, readonly string[]>;
  readonly #coded: ReadonlyMap<string, CodedPlace>;
  readonly #shapes: ReadonlyMap<string, Shape>;

  private constructor(
    places: ReadonlyMap<string, Place>,
    { quantized, coded }: Codes,
    shapes: ReadonlyMap<string, Shape>,
  ) {
    this.#places = places;
    this.#quantized = quantized;
    this.#coded = coded;
    this.#shapes = shapes;
  }

  /**
   * Reads index and headers, and holds them against the shapes of `config`. Throws
   * {@link CheckpointError} with every fault: tensors that are missing, unexpected, in two files,
   * in another shape or of another element type than float32, float16 and bfloat16, or quantized
   * otherwise than by bitsandbytes, MLX or llama.cpp.
   */
  static async open(folder: ModelFolder, config: ModelConfig): Promise<Checkpoint> {
    const { quantization } = config;
    if (quantization !== undefined && !LIBRARIES.includes(quantization))
      throw new CheckpointError([
        {
          code: 'quantized',
          message: `the weights are quantized by ${quote(quantization)}: give the model from before that, in float32, float16 or bfloat16`,
        },
      ]);
    const shards = await shardsOf(folder);
    const faults: CheckpointFault[] = [];
    const places = await placesOf(shards, faults);
    for (const name of places.keys()) if (IS_BUFFER.test(name)) places.delete(name);
    // What a shard that cannot be read holds is not missing as well.
    if (faults.length === 0) faults.push(...(await headFaults(places, config)));
    const names = [...places.keys()];
    const codes: Codes = {
      quantized: quantization === 'bitsandbytes' ? quantizedNames(names) : new Map(),
      coded: codedPlaces(names, config),
    };
    const wanted = tensorShapes(config);
    if (faults.length === 0) compare(places, codes, wanted, config, faults);
    if (faults.length > 0) throw new CheckpointError(faults);
    return new Checkpoint(places, codes, wanted);
  }

  /** Names of the model's tensors, as they lie in the files. */
  get names(): readonly string[] {
    return [...this.#places.keys()].filter((name) => this.#shapes.has(name));
  }

  /** The shape of one of the model's tensors. */
  shapeOf(name: string): Shape {
    return this.#shapes.get(name) as Shape;
  }

  /** The element type in which a tensor is stored. */
  dtypeOf(name: string): StoredDType | undefined {
    return this.#places.get(name)?.dtype;
  }

  /** Whether a weight is stored in codes. */
  isQuantized(name: string): boolean {
    return this.#quantized.has(name) || this.#coded.has(name);
  }

  /** How the weights are coded that are stored in codes, as the headers of the files tell. */
  get codes(): StoredCodes {
    const codes = new Map<string, CodedScheme>();
    for (const [name, shape] of this.#shapes) {
      const parts = this.#quantized.get(name);
      const coded = this.#coded.get(name);
      if (coded) codes.set(name, coded.scheme);
      else if (parts) {
        const shapes = new Map(parts.map((part) => [part, this.#placeOf(part).shape]));
        codes.set(name, fourBitScheme(name, sizeOf(shape), shapes));
      }
    }
    return codes;
  }

  /**
   * A weight that is stored in 8 bits of bitsandbytes, MLX's codes or blocks of GGUF; undefined for others. Throws
   * {@link CheckpointError} where codes lie otherwise than by rows, or the file has become shorter.
   */
  async readCoded(name: string): Promise<CodedWeight | undefined> {
    const place = this.#coded.get(name);
    if (!place) return undefined;
    const { scheme, parts, order } = place;
    if (order !== undefined && (await this.read(order)).bytes.some((byte) => byte !== 0))
      throw new CheckpointError([
        { code: 'quantized', message: `${quote(order)} is not 0: codes are read by rows alone` },
      ]);
    const read: Record<string, HostTensor> = {};
    for (const [part, stored] of Object.entries(parts))
      read[part] = codedPart(await this.#part(stored.name, scheme));
    return { scheme, shape: this.#shapes.get(name) as Shape, parts: read };
  }

  /**
   * A weight that is stored in 4 bits. Throws {@link CheckpointError} where a part does not fit, or
   * the file has become shorter.
   */
  async readQuantized(name: string): Promise<CheckpointWeight> {
    const stored = new Map<string, StoredTensor>();
    for (const part of this.#quantized.get(name) ?? [])
      stored.set(part, await (part === name ? this.#storedAs(part) : this.read(part)));
    const wanted = this.#shapes.get(name) as Shape;
    let weight: CheckpointWeight | undefined;
    try {
      weight = readQuantized(stored).get(name);
    } catch (error) {
      throw new CheckpointError([{ code: 'quantized', message: messageOf(error) }]);
    }
    if (weight && sameShape(weight.shape, wanted)) return weight;
    throw new CheckpointError([
      {
        code: 'shape',
        message: `${quote(name)} is ${formatShape(weight?.shape ?? [])} in 4 bits and should be ${formatShape(wanted)} by the configuration`,
      },
    ]);
  }

  /**
   * One tensor. Throws {@link CheckpointError} where the file has become shorter, and for a float that
   * is not finite.
   */
  async read(name: string): Promise<StoredTensor> {
    const stored = await this.#storedAs(name);
    const { shard, shape } = this.#placeOf(name);
    requireFinite(stored, { name, shard, shape });
    return stored;
  }

  /** A tensor whatever its bytes are: codes may be stored as floats that they are not. */
  async #storedAs(name: string): Promise<StoredTensor> {
    const { dtype, shape, ...place } = this.#placeOf(name);
    return { dtype, shape, bytes: await bytesOf(place) };
  }

  /** The same of a part of a weight in codes, whose blocks may have scales in them. */
  async #part(name: string, scheme: CodedScheme): Promise<StoredTensor> {
    const stored = await this.read(name);
    if ('blocks' in scheme)
      requireFiniteBlocks(stored, scheme.blocks, { name, shard: this.#placeOf(name).shard });
    return stored;
  }

  /** `count` rows of a tensor from `first` on. Throws as {@link Checkpoint.read} does. */
  async readRows(name: string, first: number, count: number): Promise<StoredTensor> {
    const { dtype, shape, start, end, ...place } = this.#placeOf(name);
    const [rows = 1, ...rest] = shape;
    const width = (end - start) / rows;
    const from = start + first * width;
    const own = { ...place, start: from, end: from + count * width };
    const stored = { dtype, shape: [count, ...rest], bytes: await bytesOf(own) };
    requireFinite(stored, { name, shard: place.shard, shape, before: first * sizeOf(rest) });
    return stored;
  }

  #placeOf(name: string): Place {
    const place = this.#places.get(name);
    if (place) return place;
    throw new CheckpointError([
      { code: 'tensor-missing', message: `the checkpoint has no ${quote(name)}` },
    ]);
  }
}

/**
 * How a folder has its weights in codes, by the headers of its files; nothing is read of one that no
 * library quantized. Throws as {@link Checkpoint.open}.
 */
export const storedCodes = async (
  folder: ModelFolder,
  config: ModelConfig,
): Promise<StoredCodes> =>
  isPrequantized(config) ? (await Checkpoint.open(folder, config)).codes : new Map();

async function bytesOf({
  file,
  start,
  end,
  shard,
}: Pick<Place, 'file' | 'start' | 'end' | 'shard'>): Promise<Uint8Array> {
  try {
    return await file.read(start, end);
  } catch (error) {
    throw broken(shard, error);
  }
}

const broken = (shard: string, error: unknown) =>
  new CheckpointError([{ code: 'bad-shard', message: `${quote(shard)}: ${messageOf(error)}` }]);

/** Where each tensor lies by the headers of all files, which must agree with the index. */
async function placesOf(
  { files, index }: Shards,
  faults: CheckpointFault[],
): Promise<Map<string, Place>> {
  const places = new Map<string, Place>();
  for (const [key, file] of files) {
    const shard = file.called ?? key;
    let found: readonly Place[];
    let names: readonly string[];
    try {
      [found, names] = await headerOf(shard, file);
    } catch (error) {
      faults.push(...broken(shard, error).faults);
      continue;
    }
    for (const [i, name] of names.entries()) {
      const other = places.get(name);
      if (other)
        faults.push({
          code: 'tensor-repeated',
          message: `${quote(name)} is in ${quote(other.shard)} and in ${quote(shard)}: one of them must go`,
        });
      places.set(name, found[i] as Place);
    }
  }
  for (const [name, shard] of index ?? []) {
    const place = places.get(name);
    if (place && place.shard !== shard)
      faults.push({
        code: 'bad-index',
        message: `${quote(name)} is in ${quote(place.shard)}, and the index says ${quote(shard)}`,
      });
    else if (!place && faults.length === 0)
      faults.push({
        code: 'tensor-missing',
        message: `${quote(shard)} lacks ${quote(name)}, which the index says it holds`,
      });
  }
  return places;
}

async function headerOf(
  shard: string,
  file: PartFile,
): Promise<readonly [places: readonly Place[], names: readonly string[]]> {
  const start = await file.read(0, Math.min(KIND_BYTES, file.bytes));
  const from = LENGTH_BYTES + headerLength(start, file.bytes);
  const header = await file.read(LENGTH_BYTES, from);
  const { entries } = readHeader(header, file.bytes - from);
  const places = entries.map(({ dtype, shape, start: at, end }) => {
    return { dtype, shape, shard, file, start: from + at, end: from + end };
  });
  return [places, entries.map(({ name }) => name)];
}

/**
 * Takes a head out that a tied model stores beside the embeddings: it must be the same, as
 * transformers would else not tie them.
 */
async function headFaults(
  places: Map<string, Place>,
  { tied }: ModelConfig,
): Promise<readonly CheckpointFault[]> {
  const head = places.get(HEAD);
  const table = places.get(EMBEDDINGS);
  if (!tied || !head || !table) return [];
  places.delete(HEAD);
  if (await areEqual(head, table)) return [];
  const message = `${quote(HEAD)} is not ${quote(EMBEDDINGS)}, and tie_word_embeddings says that it is: give it as false`;
  return [{ code: 'tensor-unexpected', message }];
}

async function areEqual(a: Place, b: Place): Promise<boolean> {
  const bytes = a.end - a.start;
  if (a.dtype !== b.dtype || bytes !== b.end - b.start) return false;
  for (let at = 0; at < bytes; at += COMPARED_BYTES) {
    const end = Math.min(at + COMPARED_BYTES, bytes);
    const other = await b.file.read(b.start + at, b.start + end);
    const own = await a.file.read(a.start + at, a.start + end);
    if (own.some((byte, i) => byte !== other[i])) return false;
  }
  return true;
}

/** What is there beside what the configuration says should be. */
function compare(
  places: ReadonlyMap<string, Place>,
  { quantized, coded }: Codes,
  wanted: ReadonlyMap<string, Shape>,
  { family }: ModelConfig,
  faults: CheckpointFault[],
): void {
  const ofCodes = [...coded].flatMap(([name, { parts: all, order }]) =>
    wanted.has(name)
      ? [...Object.values(all).map((part) => part.name), ...(order ? [order] : [])]
      : [],
  );
  const parts = new Set([...[...quantized.values()].flat(), ...ofCodes]);
  for (const [name, shape] of wanted) {
    const place = places.get(name);
    const codes = coded.get(name);
    if (codes)
      faults.push(
        ...codedFaults(codes, shape, (part) => places.get(part)).map(
          (message): CheckpointFault => ({ code: 'quantized', message }),
        ),
      );
    else if (!place) faults.push({ code: 'tensor-missing', message: `${quote(name)} is missing` });
    else if (quantized.has(name)) {
      // The shape of a linear is told by its parts, when they are read.
      if (shape.length !== 2 || name === EMBEDDINGS)
        faults.push({
          code: 'quantized',
          message: `${quote(name)} is in 4 bits, and linears alone are read so`,
        });
    } else if (!sameShape(place.shape, shape))
      faults.push({
        code: 'shape',
        message: `${quote(name)} is ${formatShape(place.shape)} and should be ${formatShape(shape)} by the configuration`,
      });
    else if (!FLOATS.includes(place.dtype))
      faults.push({
        code: 'dtype',
        message: `${quote(name)} is ${place.dtype}; ${FLOATS.join(', ')} are read here`,
      });
  }
  for (const [name, { shard }] of places)
    if (!wanted.has(name) && !parts.has(name))
      faults.push({
        code: 'tensor-unexpected',
        message: `${quote(name)} in ${quote(shard)} is no part of a ${family} of this config.json`,
      });
}

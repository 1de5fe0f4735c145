import { FormatError } from '../formats/format-error.ts';
import { readParityBundle } from '../formats/parity-bundle.ts';
import { writeStored } from '../formats/safetensors/write.ts';
import { readSafetensors, type Safetensors } from '../formats/safetensors.ts';
import type { BridgeAddress } from './bridge/address.ts';
import { BridgeClient, type BridgeLimits } from './bridge/client.ts';
import type { BridgeDevice } from './bridge/devices.ts';
import { BridgeError } from './bridge/error.ts';
import { bridgeName } from './bridge/name.ts';

/**
 * A device behind a bridge, with all that it takes to ask it; plain data, which workers get in
 * messages.
 */
export interface BridgeLink {
  readonly address: BridgeAddress;
  readonly device: BridgeDevice;
  /** The page that asks, in the names of its jobs. Default a new one. */
  readonly page?: string;
}

/** What a device behind the bridge computed a moment ago. */
export interface LiveRecording {
  /** The question and its answer in one file: a parity bundle as any other. */
  readonly bundle: Uint8Array<ArrayBuffer>;
  /** What the library took by the bridge's own clock, if it told. Milliseconds. */
  readonly tookMs: number | undefined;
  /**
   * From sending the question to the end of the answer, the wait for other jobs included.
   * Milliseconds.
   */
  readonly roundTripMs: number;
}

/** What an answer may tell beside its tensors. */
const TOLD = ['producer', 'device', 'note'] as const;

/**
 * A library on this computer that computes what it is asked, one bundle at a time: it records,
 * live.
 */
export class Bridge {
  /** Backend of results: `bridge-torch-cpu`. */
  readonly name: string;
  readonly #device: BridgeDevice;
  readonly #client: BridgeClient;

  constructor({ address, device, page }: BridgeLink, limits?: BridgeLimits) {
    this.name = bridgeName(device);
    this.#device = device;
    this.#client = new BridgeClient(address, limits, page);
  }

  supports(op: string): boolean {
    return this.#device.ops.includes(op);
  }

  /**
   * Has the outputs of a question computed. `question` is a parity bundle; outputs in it are not
   * sent. Nothing in the answer is trusted: it must be what the vocabulary says of the op and these
   * inputs. Throws {@link BridgeError}.
   */
  async compute(question: Uint8Array<ArrayBuffer>, signal?: AbortSignal): Promise<LiveRecording> {
    const asked = readSafetensors(question);
    const started = performance.now();
    const answer = await this.#client.ask(this.#device.id, inputsOf(asked), signal);
    const roundTripMs = performance.now() - started;
    try {
      const told = readSafetensors(answer);
      const bundle = joined(asked, told);
      readParityBundle(bundle);
      return { bundle, tookMs: millisecondsOf(told), roundTripMs };
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      throw new BridgeError(
        'bridge-answer',
        `what ${this.name} answered is not what was asked: ${error.message}`,
        { cause: error },
      );
    }
  }
}

function inputsOf({ metadata, tensors }: Safetensors): Uint8Array<ArrayBuffer> {
  const kept = ['schema', 'op', 'params'].map((key) => [key, metadata.get(key) ?? '']);
  return writeStored(
    [...tensors].filter(([name]) => name.startsWith('in.')),
    { ...Object.fromEntries(kept), producer: 'gradproof' },
  );
}

/** One bundle of the question's inputs and the answer's outputs. */
function joined(asked: Safetensors, told: Safetensors): Uint8Array<ArrayBuffer> {
  const unknown = [...told.tensors.keys()].find((name) => !name.startsWith('out.'));
  if (unknown !== undefined)
    throw new FormatError(`tensor ${unknown.slice(0, 80)} does not begin with out.`);
  const op = told.metadata.get('op');
  if (op !== asked.metadata.get('op'))
    throw new FormatError(
      `it is of the op ${op?.slice(0, 80)}, not of ${asked.metadata.get('op')}`,
    );
  const inputs = [...asked.tensors].filter(([name]) => name.startsWith('in.'));
  const kept = ['schema', 'op', 'params'].map((key) => [key, asked.metadata.get(key) ?? '']);
  const words = TOLD.flatMap((key) =>
    told.metadata.has(key) ? [[key, told.metadata.get(key)]] : [],
  );
  return writeStored(
    [...inputs, ...told.tensors],
    Object.fromEntries([...kept, ...words]) as Record<string, string>,
  );
}

function millisecondsOf({ metadata }: Safetensors): number | undefined {
  const text = metadata.get('took_ms') ?? '';
  return /^\d{1,9}(\.\d{1,9})?$/.test(text) ? Number(text) : undefined;
}

import type { HostTensor, HostTensors } from '../../tensor/host.ts';
import { FormatError, quote } from '../format-error.ts';
import { float64Of, type StoredTensor } from '../safetensors/stored.ts';
import { toStored, writeStored } from '../safetensors/write.ts';
import { vocabulary } from './vocabulary.ts';

/**
 * One computation to store: tensors by the names of the vocabulary, without the prefixes that a
 * file gives them.
 */
export interface BundleContent {
  readonly op: string;
  /**
   * Parameters that the vocabulary does not know are left out: they say how to launch, not what to
   * compute.
   */
  readonly params: object;
  /** Who computed the outputs. */
  readonly producer: string;
  readonly device: string;
  readonly note: string;
  readonly inputs: HostTensors;
  readonly outputs: HostTensors;
  readonly gradsIn: HostTensors;
  readonly gradsOut: HostTensors;
}

/**
 * Writes a parity bundle. Throws FormatError for an op that is not in the vocabulary; whether the
 * tensors fit is for the reader to say.
 */
export function writeParityBundle(content: BundleContent): Uint8Array<ArrayBuffer> {
  const { op, params, producer, device, note, inputs, outputs, gradsIn, gradsOut } = content;
  const schema = vocabulary.get(op)?.params;
  if (!schema) throw new FormatError(`op ${quote(op)} is not in the vocabulary`);
  const names = 'entries' in schema ? Object.keys(schema.entries as object) : [];
  const known = Object.fromEntries(
    Object.entries(params).filter(([name, value]) => names.includes(name) && value !== undefined),
  );
  const groups = { 'in.': inputs, 'in.grad.': gradsIn, 'out.grad.': gradsOut };
  const tensors = [
    ...Object.entries(groups).flatMap(([prefix, group]) => prefixed(prefix, group)),
    ...prefixed('out.', outputs).map(([name, tensor]) =>
      op === 'cast' && known['to'] === 'float64'
        ? ([name, widened(tensor)] as const)
        : ([name, tensor] as const),
    ),
  ];
  return writeStored(tensors, {
    schema: 'parity-bundle/1',
    op,
    params: paramsText(known),
    producer,
    device,
    note,
  });
}

/** Parameters as a bundle holds them; what JSON has no number for is the string of its name. */
export function paramsText(params: object): string {
  return JSON.stringify(params, (_, value: unknown) =>
    typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
  );
}

function prefixed(prefix: string, tensors: HostTensors): (readonly [string, StoredTensor])[] {
  return Object.entries(tensors).map(
    ([name, tensor]) => [prefix + name, toStored(storable(tensor))] as const,
  );
}

/** In float64, which the engine's tensors do not have: a cast to it gives float32. */
function widened(stored: StoredTensor): StoredTensor {
  return { ...stored, dtype: 'F64', bytes: new Uint8Array(float64Of(stored).buffer) };
}

/** Words of 32 bits are stored as the bits of signed ones. */
function storable(tensor: HostTensor): HostTensor {
  if (tensor.dtype !== 'u32') return tensor;
  return {
    ...tensor,
    dtype: 'i32',
    data: new Int32Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.length),
  };
}

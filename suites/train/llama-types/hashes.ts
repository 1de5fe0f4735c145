import { sha256 } from '../../../src/formats/sha256.ts';
import type { Llama } from '../../../src/models/llama/llama.ts';
import { isQuantized } from '../../../src/quant/weight.ts';
import type { HostTensor } from '../../../src/tensor/host.ts';

/** SHA-256 of the bytes of each value, of all parts of one in codes. */
export async function hashesOf(model: Llama): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const name of model.names) {
    const value = model.view(name);
    const tensors = isQuantized(value) ? Object.values(value.parts) : [value];
    const sums: string[] = [];
    for (const tensor of tensors) sums.push(await sha256(bytesIn(await tensor.read())));
    found.set(name, sums.join());
  }
  return found;
}

const bytesIn = ({ data: { buffer, byteOffset, byteLength } }: HostTensor) =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);

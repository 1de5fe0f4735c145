import { writeParityBundle } from '../formats/parity-bundle/write.ts';
import { readParityBundle } from '../formats/parity-bundle.ts';
import { toHostTensor } from '../formats/safetensors/stored.ts';
import { type Call, mapped, type Results } from '../graph/call.ts';
import type { HostTensor } from '../tensor/host.ts';
import type { Backend } from './backend.ts';
import { Bridge, type BridgeLink } from './bridge.ts';

/** A device behind a bridge that computes calls forward. Throws BridgeError. */
export class BridgeBackend implements Backend {
  readonly #bridge: Bridge;

  constructor(link: BridgeLink) {
    this.#bridge = new Bridge(link);
  }

  get name(): string {
    return this.#bridge.name;
  }

  supports(op: string): boolean {
    return this.#bridge.supports(op);
  }

  async run({ op, params, inputs }: Call<HostTensor>): Promise<Results<HostTensor>> {
    const question = writeParityBundle({
      ...{ op: op.name, params, inputs, producer: 'none', device: 'none', note: '' },
      ...{ outputs: {}, gradsIn: {}, gradsOut: {} },
    });
    const { bundle } = await this.#bridge.compute(question);
    const { outputs } = readParityBundle(bundle).tensors;
    return { outputs: mapped(outputs, toHostTensor), gradients: {} };
  }
}

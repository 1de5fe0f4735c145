import type { Backend } from '../backends/backend.ts';
import { GradproofError } from '../errors.ts';
import type { Call, Results } from '../graph/call.ts';
import type { HostTensor } from '../tensor/host.ts';
import type { CallContender } from './contender.ts';

/** The library computes no such call. */
class ContenderLacksError extends GradproofError {}

/** A library that is timed beside the engine as a backend: each call is a graph of one op. */
export class ContenderBackend implements Backend {
  readonly name: string;
  readonly #contender: CallContender;
  readonly #ops: ReadonlySet<string>;

  /** `ops` are those that the library has an operator for. */
  constructor(contender: CallContender, ops: Iterable<string>) {
    this.name = contender.name;
    this.#contender = contender;
    this.#ops = new Set(ops);
  }

  supports(op: string): boolean {
    return this.#ops.has(op);
  }

  /** Throws GradproofError `not-implemented` with the library's reason. */
  async run(call: Call<HostTensor>): Promise<Results<HostTensor>> {
    const settings = this.#contender.settingsForCall(call);
    if ('reason' in settings)
      throw new ContenderLacksError(
        'not-implemented',
        `${this.name} does not compute ${call.op.name}: ${settings.reason}`,
      );
    await using prepared = await this.#contender.prepareCall(call, settings[0] as string);
    return await prepared.results();
  }
}

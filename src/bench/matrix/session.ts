import { Gpu } from '../../gpu/gpu.ts';
import { probe } from '../../gpu/probe.ts';
import { environmentOf, type RuntimeDescription } from '../../harness/worker/environment.ts';
import type { Cell } from '../../quantizer/matrix/cell.ts';
import { type Contender, takesCalls } from '../contender.ts';
import { foreignCells } from './foreign-cells.ts';
import type { ForeignListener, ForeignOutcome, ForeignRequest } from './request.ts';

/** Where other libraries are asked. */
interface ForeignHost {
  readonly gpu: GPU | undefined;
  readonly runtime: RuntimeDescription;
  readonly peers: () => Promise<readonly Contender[]>;
  readonly signal: AbortSignal;
}

/**
 * Opens a device of ours and the libraries, and asks them for their cells. When the signal aborts,
 * those that are there are the outcome. Throws NoAdapterError, and what libraries throw that cannot
 * be opened.
 */
export async function runForeign(
  { gpu: provider, runtime, peers, signal }: ForeignHost,
  { methods, seed }: Pick<ForeignRequest, 'methods' | 'seed'>,
  listen: ForeignListener,
): Promise<ForeignOutcome> {
  using gpu = await Gpu.request(provider);
  const environment = environmentOf(runtime, gpu, await probe(gpu));
  const opened = await peers();
  try {
    const contenders = opened.filter(takesCalls);
    const cells: Cell[] = [];
    for await (const cell of foreignCells(gpu, { methods, contenders, seed, signal })) {
      listen(cell);
      cells.push(cell);
    }
    const versions = Object.fromEntries(contenders.map(({ name, version }) => [name, version]));
    return { environment, cells, versions };
  } finally {
    for (const peer of opened) await peer[Symbol.asyncDispose]();
  }
}

import type { BenchListener } from '../../bench/host.ts';
import type { BenchOptions } from '../../bench/options.ts';
import type { Report } from '../../report/schema.ts';
import { notYet } from '../exit.ts';
import type { PeerName } from './peers.ts';

export async function runInChromium(
  _asked: { readonly options: BenchOptions; readonly peers: readonly PeerName[] },
  _listen: BenchListener,
  _signal: AbortSignal,
  _say: (line: string) => void,
): Promise<Report> {
  throw notYet('bench in a browser');
}

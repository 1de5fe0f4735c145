import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PEERS, PEERS_COMMAND, type PeerName } from '../../bench/peer-names.ts';
import { UsageError } from '../exit.ts';
import type { RuntimeName } from '../runtime/open.ts';
import { PEERS_FOLDER } from '../server.ts';

/** Who is timed beside ours, and what a person should know of it. */
export interface FoundPeers {
  readonly peers: readonly PeerName[];
  readonly remarks: readonly string[];
}

/**
 * The peers that were asked for, or all that are installed. Throws UsageError for one that is asked
 * for and is not there, or has no place in the runtime.
 */
export function peersFor(
  runtime: RuntimeName,
  asked: readonly PeerName[] | undefined,
  folder = PEERS_FOLDER,
): FoundPeers {
  const isThere = (name: PeerName) => existsSync(join(folder, `${name}.js`));
  if (runtime === 'node') {
    if (asked && asked.length > 0)
      throw new UsageError('--peers: they need a browser: leave --runtime node out');
    return { peers: [], remarks: [] };
  }
  const missing = (asked ?? PEERS).filter((name) => !isThere(name));
  if (missing.length === 0) return { peers: asked ?? PEERS, remarks: [] };
  const how = `${PEERS_COMMAND} installs and builds them`;
  if (asked) throw new UsageError(`--peers ${missing.join(',')}: not installed: ${how}`);
  return {
    peers: PEERS.filter(isThere),
    remarks: [`without ${missing.join(', ')}, which are not installed: ${how}`],
  };
}

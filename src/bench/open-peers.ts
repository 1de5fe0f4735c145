import { GradproofError } from '../errors.ts';
import type { Contender } from './contender.ts';
import type { PeerFiles } from './messages.ts';
import { CONTENDERS_OF, PEERS } from './peer-names.ts';
import { putAway } from './put-away.ts';
import { unopened } from './unopened.ts';

/** Makes the contenders of a peer. */
type Load = (peer: PeerFiles) => Promise<readonly Contender[]>;

/** A library that has to be there could not be opened. */
class PeerNotOpenedError extends GradproofError {}

/**
 * The contenders of all peers, one peer after the other; of one that cannot be opened, those that
 * fail in every work.
 */
export async function openPeers(
  peers: readonly PeerFiles[],
  load: Load,
): Promise<readonly Contender[]> {
  const all: Contender[] = [];
  for (const peer of peers) {
    try {
      all.push(...(await load(peer)));
    } catch (error) {
      const known = PEERS.find((name) => name === peer.name);
      if (!known) throw error;
      all.push(...CONTENDERS_OF[known].map((name) => unopened(name, error)));
    }
  }
  return all;
}

/** The contenders of peers that must be there. Throws for one that cannot be opened. */
export async function openedPeers(
  peers: readonly PeerFiles[],
  load: Load,
): Promise<readonly Contender[]> {
  const all = await openPeers(peers, load);
  const missing = all.find((contender) => contender.unopened);
  if (!missing?.unopened) return all;
  await putAway(all);
  const { code, message } = missing.unopened;
  throw new PeerNotOpenedError(code, `${missing.name} ${message}`);
}

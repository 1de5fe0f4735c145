import { outcomeOf } from '../harness/headless/outcome.ts';
import type { Contender } from './contender.ts';
import { runForeign } from './matrix/session.ts';
import type { FromBench, PeerFiles, ToBench } from './messages.ts';
import { openedPeers, openPeers } from './open-peers.ts';
import { runSession, type SessionHost } from './session.ts';
import { UncapturedErrors } from './uncaptured-errors.ts';
import { works } from './works.ts';

/** What differs between a child process of Node and a frame of the page. */
export interface Realm extends Pick<SessionHost, 'gpu' | 'runtime' | 'isHidden'> {
  readonly adapters: { prototype: Pick<GPUAdapter, 'requestDevice'> } | undefined;
  readonly post: (message: FromBench) => void;
  /** Makes the contenders of a peer; `opening` counts how often this realm does, from 1. */
  readonly load: (peer: PeerFiles, opening: number) => Promise<readonly Contender[]>;
}

/** Answers the messages of the party that shows the bench: one run, or one matrix, which can be cancelled. */
export function serveBench(realm: Realm): (message: ToBench) => void {
  const cancelled = new AbortController();
  return (message) => {
    if (message.type === 'cancel') cancelled.abort();
    else if (message.type === 'matrix') void askForeign(realm, message, cancelled.signal);
    else void run(realm, message, cancelled.signal);
  };
}

async function run(
  { adapters, post, load, ...realm }: Realm,
  { options, peers }: Extract<ToBench, { readonly type: 'start' }>,
  signal: AbortSignal,
): Promise<void> {
  const errors = new UncapturedErrors();
  let openings = 0;
  using _watch = adapters && errors.watch(adapters);
  const host: SessionHost = {
    ...realm,
    works: [...works.values()],
    errors,
    signal,
    peers: () => {
      const opening = ++openings;
      return openPeers(peers, (peer) => load(peer, opening));
    },
  };
  const outcome = await outcomeOf(() =>
    runSession(host, options, (event) => post({ type: 'event', event })),
  );
  post({ type: 'ended', outcome });
}

async function askForeign(
  { gpu, runtime, post, load }: Realm,
  { peers, ...asked }: Extract<ToBench, { readonly type: 'matrix' }>,
  signal: AbortSignal,
): Promise<void> {
  const host = { gpu, runtime, peers: () => openedPeers(peers, (peer) => load(peer, 1)), signal };
  const outcome = await outcomeOf(() =>
    runForeign(host, asked, (cell) => post({ type: 'cell', cell })),
  );
  post({ type: 'matrix-ended', outcome });
}

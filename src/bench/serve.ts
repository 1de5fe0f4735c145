import { outcomeOf } from '../harness/headless/outcome.ts';
import type { Contender } from './contender.ts';
import type { FromBench, PeerFiles, ToBench } from './messages.ts';
import { runSession, type SessionHost } from './session.ts';
import { UncapturedErrors } from './uncaptured-errors.ts';
import { works } from './works.ts';

/** What differs between a child process of Node and a frame of the page. */
export interface Realm extends Pick<SessionHost, 'gpu' | 'runtime' | 'isHidden'> {
  readonly adapters: { prototype: Pick<GPUAdapter, 'requestDevice'> } | undefined;
  readonly post: (message: FromBench) => void;
  /** Makes the contenders of a peer. */
  readonly load: (peer: PeerFiles) => Promise<readonly Contender[]>;
}

/** Answers the messages of the party that shows the bench: one run, which can be cancelled. */
export function serveBench(realm: Realm): (message: ToBench) => void {
  const cancelled = new AbortController();
  return (message) => {
    if (message.type === 'cancel') cancelled.abort();
    else void run(realm, message, cancelled.signal);
  };
}

async function run(
  { adapters, post, load, ...realm }: Realm,
  { options, peers }: Extract<ToBench, { readonly type: 'start' }>,
  signal: AbortSignal,
): Promise<void> {
  const errors = new UncapturedErrors();
  using _watch = adapters && errors.watch(adapters);
  const host: SessionHost = {
    ...realm,
    works: [...works.values()],
    errors,
    signal,
    peers: async () => {
      const loaded: Contender[] = [];
      for (const peer of peers) loaded.push(...(await load(peer)));
      return loaded;
    },
  };
  const outcome = await outcomeOf(() =>
    runSession(host, options, (event) => post({ type: 'event', event })),
  );
  post({ type: 'ended', outcome });
}

/**
 * What the page's own server passes on to a server that a person named: the path below which it does,
 * and the cookie by which it tells the page who that is.
 */
interface PageRelay {
  readonly path: string;
  readonly cookie: string;
}

/** Files of models. */
export const MODEL_RELAY: PageRelay = { path: '/model-server/', cookie: 'gradproof-model-server' };

/** The log of a run. */
export const SINK_RELAY: PageRelay = { path: '/log-sink/', cookie: 'gradproof-log-sink' };

/** What a path asks for of the server behind a relay, from its slash on; undefined of another path. */
export const relayedPath = (path: string, relay: PageRelay): string | undefined =>
  path.startsWith(relay.path) ? path.slice(relay.path.length - 1) : undefined;

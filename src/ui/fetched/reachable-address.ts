import { modelAddress } from '../../formats/hugging-face/model-address.ts';
import { ModelServerError } from '../../formats/hugging-face/model-server-error.ts';
import { MODEL_RELAY } from '../../formats/page-relay.ts';

/** Where a page asks for the model of an address. */
export interface ReachableAddress {
  /** As it was named, whole. */
  readonly address: string;
  /** On the page's own server. */
  readonly asked: string;
}

/**
 * Where a page at `own` asks for the model of an address or path: its own server, which relays what
 * is of `relayed`, the server that a person named. Throws ModelServerError for every other.
 */
export function reachableAddress(
  text: string,
  own: string,
  relayed: string | undefined,
): ReachableAddress {
  const url = modelAddress(text.trim(), own);
  const { origin } = new URL(own);
  if (url.origin === origin) return { address: url.href, asked: url.href };
  if (relayed !== undefined && url.origin === new URL(relayed).origin)
    return { address: url.href, asked: `${origin}${MODEL_RELAY.path}${url.pathname.slice(1)}` };
  throw new ModelServerError(
    `${url.origin} is not the server of this page: npm start -- --model-server ${url.origin} lets the page ask it`,
  );
}

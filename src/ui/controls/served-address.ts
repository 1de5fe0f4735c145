import { MODEL_RELAY, SINK_RELAY } from '../../formats/page-relay.ts';

/** An address that the server of `npm start` tells its page by a cookie; undefined where it does not. */
export function servedAddress(name: string, cookies = document.cookie): string | undefined {
  const [, text = ''] = new RegExp(`(?:^|; )${name}=([^;]*)`).exec(cookies) ?? [];
  const address = decodeURIComponent(text);
  return URL.canParse(address) && /^https?:/.test(address) ? address : undefined;
}

/** Servers that a person named when the page's own was started; none by default. */
export interface NamedServers {
  /** Of models. */
  readonly models: string | undefined;
  /** Of logs. */
  readonly sink: string | undefined;
}

export const namedServers = (): NamedServers => ({
  models: servedAddress(MODEL_RELAY.cookie),
  sink: servedAddress(SINK_RELAY.cookie),
});

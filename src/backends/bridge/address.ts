/** Port and access token of a bridge: docs/bridge-protocol.md. */
export interface BridgeAddress {
  /** On 127.0.0.1, the only interface that a bridge answers on. */
  readonly port: number;
  readonly token: string;
}

const FRAGMENT = /^#bridge=(\d{1,5})\.([\w-]{20,100})$/;

/** Reads `#bridge=PORT.TOKEN`, as the bridge prints it; undefined for any other fragment. */
export function parseBridgeFragment(fragment: string): BridgeAddress | undefined {
  const [, port, token] = FRAGMENT.exec(fragment) ?? [];
  return port && token && Number(port) > 0 && Number(port) < 65_536
    ? { port: Number(port), token }
    : undefined;
}

/** The fragment that {@link parseBridgeFragment} reads. */
export function bridgeFragment({ port, token }: BridgeAddress): string {
  return `#bridge=${port}.${token}`;
}

/** The origin of a bridge, as a page's policy names it. */
export function bridgeOrigin({ port }: Pick<BridgeAddress, 'port'>): string {
  return `http://127.0.0.1:${port}`;
}

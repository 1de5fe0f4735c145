import { BlockList, isIP } from 'node:net';

/** Which addresses may be asked. */
export interface AddressRules {
  /** Whether this computer and its network may be asked too; default true. */
  readonly isLocalAllowed?: boolean;
}

/** This computer, its network, and what is no single computer (RFC 6890), by kind of address. */
const LOCAL = {
  ipv4: blocked('ipv4', [
    ['0.0.0.0', 8],
    ['10.0.0.0', 8],
    ['100.64.0.0', 10],
    ['127.0.0.0', 8],
    ['169.254.0.0', 16],
    ['172.16.0.0', 12],
    ['192.0.0.0', 24],
    ['192.168.0.0', 16],
    ['198.18.0.0', 15],
    ['224.0.0.0', 3],
  ]),
  // Also those of IPv4 in the clothes of IPv6.
  ipv6: blocked('ipv6', [
    ['::', 8],
    ['64:ff9b::', 16],
    ['fc00::', 7],
    ['fe80::', 9],
    ['ff00::', 8],
  ]),
};

function blocked(
  kind: 'ipv4' | 'ipv6',
  nets: readonly (readonly [net: string, prefix: number])[],
): BlockList {
  const list = new BlockList();
  for (const [net, prefix] of nets) list.addSubnet(net, prefix, kind);
  return list;
}

/** Whether an IP address is of this computer or its network; what is none counts as one. */
export function isLocal(ip: string): boolean {
  const kind = { 4: 'ipv4', 6: 'ipv6' }[isIP(ip)] as 'ipv4' | 'ipv6' | undefined;
  return !kind || LOCAL[kind].check(ip, kind);
}

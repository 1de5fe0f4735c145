import { servedAddress } from '../controls/served-address.ts';

declare const __GRADPROOF_SHARE_BASE__: string;

/** Hosts of a page that opens on this computer only. */
const THIS_COMPUTER = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Where a share link of this page leads. */
export interface PageShareBase {
  /** What stands before the `#`. */
  readonly url: string;
  /** Whether others can open it. */
  readonly isPublic: boolean;
}

/**
 * Where links lead: on this computer's own server what `--share-base` says, which it hands over in
 * a cookie; else what the build was made for; else this page's own address.
 */
export function pageShareBase(
  { href, hostname }: Pick<Location, 'href' | 'hostname'> = location,
  cookies = document.cookie,
): PageShareBase {
  const isLocal = THIS_COMPUTER.test(hostname);
  const served = isLocal ? servedAddress('gradproof-share-base', cookies) : undefined;
  const base = served ?? (__GRADPROOF_SHARE_BASE__ || undefined);
  return base === undefined
    ? { url: new URL('.', href).href, isPublic: !isLocal }
    : { url: base, isPublic: true };
}

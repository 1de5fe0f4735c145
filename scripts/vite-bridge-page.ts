import type { Plugin } from 'vite';

const STRICT = "connect-src 'self'";
/**
 * A policy names no IPv6 address, and `localhost` may be another machine's name: one address is all
 * that a bridge has.
 */
const LOOPBACK = "connect-src 'self' http://127.0.0.1:*";

/**
 * Emits bridge.html: index.html but for a policy that lets the page ask a bridge on this device. So
 * the usual page keeps its strict policy wherever it is hosted, and only the address of the page
 * for a bridge has the other. Our own server narrows it to one port.
 */
export function bridgePage(): Plugin {
  return {
    name: 'gradproof-bridge-page',
    apply: 'build',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const page = bundle['index.html'];
        if (page?.type !== 'asset') return;
        this.emitFile({
          type: 'asset',
          fileName: 'bridge.html',
          source: withBridge(String(page.source)),
        });
      },
    },
  };
}

/** The text of a page with loopback allowed. Throws when its policy is not where it was. */
export function withBridge(html: string): string {
  if (html.split(STRICT).length !== 2)
    throw new Error(`index.html must have ${STRICT} once in its policy`);
  return html.replace(STRICT, LOOPBACK);
}

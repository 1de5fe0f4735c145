import type { Plugin } from 'vite';

/** A part of the page's policy, and what stands there instead. */
type Change = readonly [usual: string, other: string];

/**
 * Pages that are index.html but for one part of its policy. So the usual page keeps its strict
 * policy wherever it is hosted, and only the addresses of these have another one.
 */
export const OTHERS = {
  /**
   * May ask a bridge on this device. A policy names no IPv6 address, and `localhost` may be another
   * machine's name: one address is all that a bridge has. Our own server narrows it to one port.
   */
  'bridge.html': ["connect-src 'self'", "connect-src 'self' http://127.0.0.1:*"],
  /** May have a frame of its own origin, in which a bench runs. */
  'bench.html': ["default-src 'none'", "default-src 'none'; frame-src 'self'"],
} as const satisfies Readonly<Record<string, Change>>;

/** Emits {@link OTHERS}. */
export function otherPolicies(): Plugin {
  return {
    name: 'gradproof-other-policies',
    apply: 'build',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const page = bundle['index.html'];
        if (page?.type !== 'asset') return;
        for (const [fileName, change] of Object.entries(OTHERS)) {
          const source = withPolicy(String(page.source), change);
          this.emitFile({ type: 'asset', fileName, source });
        }
      },
    },
  };
}

/** The text of a page with a part of its policy changed. Throws when that is not where it was. */
export function withPolicy(html: string, [usual, other]: Change): string {
  if (html.split(usual).length !== 2)
    throw new Error(`index.html must have ${usual} once in its policy`);
  return html.replace(usual, other);
}

import type { HtmlTagDescriptor, Plugin } from 'vite';
import { CARD_SIZE } from '../src/report/card.ts';

/** The picture of a link to the page, in public/; `node scripts/screenshot.mjs card` makes it. */
const SITE_CARD = 'card.png';

/**
 * Names the picture of links to the page, where the build knows the page's address. What shows a
 * link takes only an absolute address of a picture (https://ogp.me), which no other build has: that
 * of a relative one would be guessed, or shown broken, so such a build names none.
 */
export function shareTags(base: string): Plugin {
  return {
    name: 'gradproof-share-tags',
    transformIndexHtml: {
      order: 'post',
      handler: (_, { path }) => (path === '/index.html' && base ? tagsFor(base) : []),
    },
  };
}

/** The tags of a page that is at this address. */
export function tagsFor(base: string): HtmlTagDescriptor[] {
  const page = new URL(base);
  // A folder without its slash; a file has an ending.
  if (!/\.[^/]*$|\/$/.test(page.pathname)) page.pathname += '/';
  const tags = {
    'og:url': page.href,
    'og:image': new URL(SITE_CARD, page).href,
    'og:image:type': 'image/png',
    'og:image:width': `${CARD_SIZE.width}`,
    'og:image:height': `${CARD_SIZE.height}`,
    'og:image:alt': 'Gradproof: can this computer fine-tune a language model?',
  };
  return Object.entries(tags).map(([property, content]) => ({
    tag: 'meta',
    attrs: { property, content },
    injectTo: 'head',
  }));
}

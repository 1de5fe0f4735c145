import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { shareTags, tagsFor } from './vite-share-tags.ts';

const page = readFileSync('index.html', 'utf8');
const contentOf = (name: string) =>
  new RegExp(`<meta (?:name|property)="${name}" content="([^"]*)"`).exec(page)?.[1];

test('what shows a link says what the page says of itself', () => {
  expect(contentOf('og:title')).toBe(/<title>(.*)<\/title>/.exec(page)?.[1]);
  expect(contentOf('og:description')).toBe(contentOf('description'));
  expect(contentOf('og:type')).toBe('website');
  expect(contentOf('twitter:card')).toBe('summary_large_image');
});

test.each([
  ['https://example.org/gradproof/', 'https://example.org/gradproof/card.png'],
  ['https://example.org/gradproof', 'https://example.org/gradproof/card.png'],
  ['https://example.org/', 'https://example.org/card.png'],
  ['https://example.org/a/page.html', 'https://example.org/a/card.png'],
])('the picture of a page at %s has an absolute address', (base, image) => {
  const found = tagsFor(base).map(({ attrs }) => [attrs?.['property'], attrs?.['content']]);
  expect(Object.fromEntries(found)).toMatchObject({
    'og:image': image,
    'og:image:width': '1200',
    'og:image:height': '630',
  });
});

test('a build that does not know where its page is names no picture', () => {
  const { transformIndexHtml } = shareTags('');
  if (typeof transformIndexHtml !== 'object' || !('handler' in transformIndexHtml))
    throw new Error('the plugin changes pages');
  const handle = transformIndexHtml.handler as (html: string, at: { path: string }) => unknown;
  expect(handle(page, { path: '/index.html' })).toEqual([]);
  expect(page).not.toContain('og:image');
});

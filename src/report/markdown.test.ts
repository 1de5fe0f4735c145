import * as fc from 'fast-check';
import { Marked, type Token } from 'marked';
import { expect, test } from 'vitest';
import { RUN, report, result } from './fixtures/reports.ts';
import type { Headline } from './headlines.ts';
import { toMarkdown } from './markdown.ts';
import type { Report } from './schema.ts';

const marked = new Marked({ gfm: true });

interface Parts {
  readonly kinds: readonly string[];
  readonly codes: readonly string[];
  readonly links: readonly string[];
  /** Text that is neither. */
  readonly words: readonly string[];
}

/** What a text is made of. */
function parts(markdown: string): Parts {
  const found = {
    kinds: [] as string[],
    codes: [] as string[],
    links: [] as string[],
    words: [] as string[],
  };
  marked.walkTokens(marked.lexer(markdown), (token: Token) => {
    found.kinds.push(token.type);
    if (token.type === 'codespan') found.codes.push(token.raw);
    else if (token.type === 'link') found.links.push(String(token['href']));
    else if (!('tokens' in token) && token.type !== 'list') found.words.push(token.raw);
  });
  return found;
}

const HEADLINE: Headline = {
  library: 'bitsandbytes 0.50.2',
  source: { live: false, device: 'cpu', date: '2026-11-20' },
  agree: 61,
  judged: 61,
  deviating: [],
  loose: 0,
  broken: 0,
  skips: [],
};

test('says the answer, the place, the settings, the libraries and the link', () => {
  const text = toMarkdown(RUN, {
    headlines: [HEADLINE],
    link: 'https://example.org/#AbC-_1',
    device: 'my laptop',
  });
  expect(text.split('\n\n')[0]).toBe('### Gradproof: 14 of 14 checks are right.');
  const html = marked.parse(text, { async: false });
  expect(html).toContain(
    'my laptop, a processor (Node.js 20) · tier quick · 2026-11-20 · gradproof 0.1.0 (14830f7)',
  );
  expect(html).toContain('Not the standard settings: only the cases ops.matmul.* !*vector*.');
  expect(html).toContain(
    '<li>bitsandbytes 0.50.2: 61 of 61 agree, recorded on CPU on 2026-11-20</li>',
  );
  expect(parts(text).links).toEqual(['https://example.org/#AbC-_1']);
});

test('lists what did not pass with the command that shows it, and no more than twenty', async () => {
  const error = { code: 'out-of-bound', message: 'too far' };
  const failed = Array.from({ length: 23 }, (_, i) =>
    result({ id: `a:b;n=${i}`, status: 'fail', assertions: 1, error }),
  );
  const text = toMarkdown(await report(failed, ''));
  expect(text).toContain(
    "- `a:b;n=0`: `out-of-bound: too far`; see it again with `npm start -- --headless --filter 'a:b;n=0' --tier full --runtime node`",
  );
  expect(parts(text).codes).toHaveLength(3 * 20);
  expect(text).toContain('\n3 more did not pass.\n');
});

test('texts of a hostile report make no link, image, mention, HTML or anything else', async () => {
  const texts = [
    '`',
    '``',
    '\\',
    '[x](http://evil.example)',
    '![x](y)',
    '<img src=x>',
    '@someone',
    '#1',
    'www.evil.example',
    '|',
    '\n\n# ',
    '\u202e',
    '*',
    '&lt;',
  ];
  const hostile = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom(...texts, 'a', ' ') }),
  );
  const base = await report([], '');
  const [environment] = RUN.environments;
  const plain = [
    'codespan',
    'escape',
    'heading',
    'list',
    'list_item',
    'paragraph',
    'space',
    'text',
  ];
  fc.assert(
    fc.property(hostile, hostile, (message, name) => {
      const failed = result({
        id: 'a:b',
        status: 'fail',
        assertions: 1,
        error: { code: 'x', message },
      });
      const environments = environment
        ? [
            {
              ...environment,
              runtime: name,
              adapter: { ...environment.adapter, description: name, isFallback: false },
            },
          ]
        : [];
      const hostileReport: Report = {
        ...base,
        environments,
        run: { ...base.run, filters: [name] },
        results: [failed],
      };
      const text = toMarkdown(hostileReport, {
        headlines: [{ ...HEADLINE, library: name }],
        device: name,
      });
      const { kinds, codes, words } = parts(text);
      expect(
        [...kinds].filter((kind) => !plain.includes(kind)),
        text,
      ).toEqual([]);
      expect(codes).toHaveLength(3);
      expect(words.join('')).not.toContain('@');
    }),
  );
});

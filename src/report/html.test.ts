import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { SaxesParser } from 'saxes';
import { expect, test } from 'vitest';
import { RUN, report, reportsOfAllKinds, result } from './fixtures/reports.ts';
import type { Headline } from './headlines.ts';
import { toHtml } from './html.ts';
import type { Report } from './schema.ts';

interface Parsed {
  /** Elements with their attributes' names, in order. */
  readonly shape: readonly string[];
  readonly text: string;
}

/** The file as XML, which it is too: a strict parser finds whatever a hostile text would break. */
function parse(html: string): Parsed {
  const [shape, texts]: [string[], string[]] = [[], []];
  const parser = new SaxesParser();
  parser.on('error', (error) => {
    throw error;
  });
  parser.on(
    'opentag',
    ({ name, attributes }) => void shape.push([name, ...Object.keys(attributes)].join(' ')),
  );
  parser.on('text', (text) => void texts.push(text));
  parser.write(html).close();
  return { shape, text: texts.join('').replaceAll(/\s+/g, ' ') };
}

const DEVIATING = result({
  id: 'parity.quantize_4bit:off',
  status: 'pass',
  assertions: 1,
  finding: { code: 'producer-deviates', message: 'dequant is off' },
});
const HEADLINE: Headline = {
  library: 'bitsandbytes 0.50.2',
  source: { live: false, device: 'cpu', date: '2026-11-20' },
  agree: 60,
  judged: 61,
  deviating: [DEVIATING],
  loose: 0,
  broken: 0,
  skips: [],
};

test('says answer, place, settings and every case, and has no place for problems where there is none', async () => {
  const { text } = parse(await toHtml(RUN));
  expect(text).toContain(
    '14 of 14 checks are right. On a processor (Node.js 20), 2026-11-20, 08:56 UTC',
  );
  expect(text).toContain('Not the standard settings: only the cases ops.matmul.* !*vector*.');
  expect(text).toContain('Software rendering, no GPU in use');
  expect(text).toContain('ops.matmul.matmul 14 pass');
  for (const { id, suite } of RUN.results) expect(text).toContain(id.slice(suite.length + 1));
  expect(text).not.toContain('What did not pass');
});

test('draws a square for each check of a run, and tells the counts in words', async () => {
  const { shape, text } = parse(await toHtml(RUN));
  expect(text).toContain('Products of matrices 14 checks: 14 right');
  expect(shape.filter((element) => element === 'path class fill-rule d')).toHaveLength(1);
  const others = (await reportsOfAllKinds()).filter(({ kind }) => kind !== 'run');
  expect(others.length).toBeGreaterThan(2);
  for (const other of others) expect(parse(await toHtml(other)).text).not.toContain('Every check');
});

test('tells failures first, with reason, element, blame and the command that shows each again', async () => {
  const [run] = (await reportsOfAllKinds()) as [Report];
  const html = await toHtml(run, [HEADLINE]);
  const { text } = parse(html);
  expect(text).toContain('No: 4 of 6 checks did not pass.');
  expect(text).toContain(
    'bitsandbytes 0.50.2: 60 of 61 agree, recorded on CPU on 2026-11-20; 1 deviates from the true value',
  );
  expect(text).toContain('parity.quantize_4bit:off dequant is off');
  expect(text).toContain(
    'too far First wrong element at [64, 0]: 0, expected -113. Whose fault: kernel npm start -- --headless',
  );
  expect(text.indexOf('What did not pass')).toBeLessThan(text.indexOf('Where: '));
  expect(
    html.match(/<details class="suite" open="">/g),
    'only the suite with failures is open',
  ).toHaveLength(1);
  expect(html.indexOf('<code>nn.silu</code>'), 'and comes first').toBeLessThan(
    html.indexOf('<code>parity.lora_linear</code>'),
  );
});

test('failures stand below what they have in common', async () => {
  const error = { code: 'out-of-bound', message: 'too far' };
  const failed = (id: string, kernel: string) =>
    result({ id, status: 'fail', assertions: 1, kernels: [kernel], error });
  const both = await report(
    [failed('a:b', 'nn/silu'), failed('a:c', 'nn/gelu'), failed('a:d', 'nn/silu')],
    '',
  );
  const { text } = parse(await toHtml(both));
  const [silu, b, d, gelu, c] = [
    '2 of 3 wrong checks dispatch nn/silu, which no right one does',
    'a:b fail on',
    'a:d fail on',
    '1 of 3 wrong checks dispatches nn/gelu, which no right one does',
    'a:c fail on',
  ].map((words) => text.indexOf(words)) as [number, number, number, number, number];
  expect([0, silu, b, d, gelu, c]).toEqual([0, silu, b, d, gelu, c].sort((x, y) => x - y));
  expect(silu).toBeGreaterThan(0);
});

test('what did not pass counts nothing as compared, which would read as agreement', async () => {
  const [run] = (await reportsOfAllKinds()) as [Report];
  const html = await toHtml(run);
  const compared = Object.fromEntries(
    [
      ...html.matchAll(
        /<tr><th scope="row"><code>(.*?)<\/code><\/th><td class="\w+">\w+<\/td>(.*?)<\/tr>/g,
      ),
    ].map(([, name, cells]) => [name, /<td class="number">(.*?)<\/td>/.exec(cells ?? '')?.[1]]),
  );
  const nothing = { 'legal;x=7x9': '', 'half;x=7x9': '', hang: '', lost: '', throws: '' };
  expect(compared).toEqual({ ...nothing, bundle: '96' });
});

test.each([0, 1, 2, 3])('every kind of report has a page, %i', async (kind) => {
  const one = (await reportsOfAllKinds())[kind] as Report;
  const { text } = parse(await toHtml(one));
  expect(text).toContain(`Gradproof, ${one.kind}`);
  for (const name of Object.keys({ ...one.results[0]?.metrics, ...one.results[0]?.series }))
    expect(text).toContain(name);
});

test('runs nothing and asks no server: its policy allows the one style sheet, by its hash', async () => {
  const html = await toHtml(RUN);
  const [, style = ''] = /<style>([\s\S]*)<\/style>/.exec(html) ?? [];
  const hash = createHash('sha256').update(style).digest('base64');
  expect(html).toContain(
    `content="default-src &#39;none&#39;; style-src &#39;sha256-${hash}&#39;; base-uri &#39;none&#39;; form-action &#39;none&#39;"`,
  );
  const { shape } = parse(html);
  expect(
    shape.filter((element) =>
      /\b(script|link|img|iframe|form|object|a|style [a-z]+|on\w+|src|href)\b/.test(element),
    ),
  ).toEqual([]);
});

test('texts of a hostile report change no element', async () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1 }),
    fc.string({
      unit: fc.constantFrom(
        '<',
        '>',
        '"',
        "'",
        '&',
        '</code>',
        '<script>',
        '-->',
        ']]>',
        '\0',
        '\ud800',
        '\u202e',
      ),
      minLength: 1,
    }),
  );
  const [environment] = RUN.environments;
  const base = await report([], '');
  const reportOf = (text: string): Report => {
    const error = { code: 'x', message: text, at: { index: [1], actual: null, expected: 1 } };
    const id = `a:${text}`;
    const failed = result({
      id,
      status: 'fail',
      assertions: 1,
      error,
      suite: 'a',
      backend: text,
      metrics: { [text]: 1 },
      tier: 'quick',
    });
    const adapter = {
      vendor: text,
      architecture: text,
      device: text,
      description: text,
      isFallback: false,
    };
    const place = environment && {
      ...environment,
      adapter,
      os: text,
      runtime: text,
      features: [text],
      limits: { [text]: 1 },
      tuning: { [text]: text },
    };
    return {
      ...base,
      run: { ...base.run, id: text, filters: [text] },
      environments: place ? [place] : [],
      results: [failed],
    };
  };
  const headline = (text: string): Headline => ({
    ...HEADLINE,
    library: text,
    deviating: [{ ...DEVIATING, id: text }],
  });
  const plain = parse(await toHtml(reportOf('x'), [headline('x')])).shape;
  await fc.assert(
    fc.asyncProperty(hostile, async (text) => {
      expect(parse(await toHtml(reportOf(text), [headline(text)])).shape).toEqual(plain);
    }),
  );
});

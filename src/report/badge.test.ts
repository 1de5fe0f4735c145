import * as fc from 'fast-check';
import { SaxesParser } from 'saxes';
import { expect, test } from 'vitest';
import { badgeWords, toBadge } from './badge.ts';
import { RUN, report, reportsOfAllKinds, result } from './fixtures/reports.ts';
import type { Report } from './schema.ts';

const GREEN = '#14663a';

/** Everything in a file that XML calls a name or a text; throws when it is not well formed. */
function parse(svg: string): {
  readonly names: readonly string[];
  readonly attributes: readonly string[];
  readonly texts: readonly string[];
} {
  const found = { names: [] as string[], attributes: [] as string[], texts: [] as string[] };
  const parser = new SaxesParser();
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ name, attributes }) => {
    found.names.push(name);
    found.attributes.push(...Object.keys(attributes));
  });
  parser.on('text', (text) => text.trim() && found.texts.push(text));
  parser.write(svg).close();
  return found;
}

test('says how many are right and where, and says it to screen readers', () => {
  const words = '14 of 14 right on a processor (Node.js 20), not the standard settings';
  expect(badgeWords(RUN)).toBe(words);
  const badge = toBadge(RUN);
  expect(parse(badge).texts).toEqual([`Gradproof: ${words}`, 'Gradproof', words]);
  expect(badge).toContain(`role="img" aria-label="Gradproof: ${words}"`);
  expect(badge).toContain(GREEN);
});

test('is hatched, and says so, where the settings were not the standard', () => {
  const standard: Report = { ...RUN, run: { ...RUN.run, filters: [] } };
  expect(badgeWords(standard)).toBe('14 of 14 right on a processor (Node.js 20)');
  expect(parse(toBadge(standard)).names).not.toContain('pattern');
  expect(parse(toBadge(RUN)).names).toContain('pattern');
});

test('is never green for a wrong, unfinished or unproved run', async () => {
  const [withFailures] = await reportsOfAllKinds();
  const stopped: Report = { ...RUN, run: { ...RUN.run, complete: false } };
  const skipped = await report(
    [result({ id: 'a:b', status: 'skip', assertions: 0, skip: { code: 'x', detail: '' } })],
    '',
  );
  const words = [withFailures as Report, stopped, skipped, await report([], '')].map((one) => {
    expect(toBadge(one)).not.toContain(GREEN);
    return badgeWords(one).replace(/ on .*/, '');
  });
  expect(words).toEqual(['4 of 6 wrong', 'stopped after 14', 'nothing proved', 'nothing proved']);
});

test('is a well-formed picture without links and scripts, whatever a report calls its chip', () => {
  const [environment] = RUN.environments;
  const hostile = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({
      unit: fc.constantFrom('"', "'", '<script>', '&', ']]>', '\0', '\ud800', '\u202e'),
    }),
  );
  const plain = parse(toBadge(RUN, { device: 'x' }));
  fc.assert(
    fc.property(hostile, hostile, (description, device) => {
      const environments = environment
        ? [{ ...environment, adapter: { ...environment.adapter, description, isFallback: false } }]
        : [];
      const { names, attributes } = parse(toBadge({ ...RUN, environments }, { device }));
      expect([names, attributes]).toEqual([plain.names, plain.attributes]);
    }),
  );
});

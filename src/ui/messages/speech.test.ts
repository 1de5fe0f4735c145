import { expect, test } from 'vitest';
import { speech } from './speech.ts';
import { words as german } from './units.de.ts';
import { units } from './units.en.ts';

const en = speech('en');
const de = speech('de');

test('counts by the rules of the language', () => {
  const forms = { one: 'check', other: 'checks' };
  expect([0, 1, 2, 1024].map((count) => en.count(count, forms))).toEqual([
    '0 checks',
    '1 check',
    '2 checks',
    '1,024 checks',
  ]);
  expect(de.count(1024, { one: 'Prüfung', other: 'Prüfungen' })).toBe('1.024 Prüfungen');
  expect(speech('ar').form(2, { two: 'b', other: 'a' })).toBe('b');
});

test('a number stays with its unit', () => {
  expect(en.bytes(3.14e6)).toBe('3.1\u202fMB');
  expect(de.bytes(3.14e6)).toBe('3,1\u202fMB');
  expect([512, 44_000, 2.5e9].map(de.bytes)).toEqual([
    '512\u202fByte',
    '44\u202fkB',
    '2,5\u202fGB',
  ]);
  expect(en.milliseconds(9.49)).toBe('9.5\u202fms');
  expect(de.percent(0.1234)).toBe('12\u202f%');
});

test('an instant tells apart runs of one minute', () => {
  const run = new Date(2026, 10, 20, 22, 22, 1);
  const next = new Date(2026, 10, 20, 22, 22, 31);
  expect(en.moment(run)).toBe(en.moment(next));
  expect([en, de].map(({ instant }) => instant(run) === instant(next))).toEqual([false, false]);
});

test('a span is told in one unit', () => {
  expect(en.span(7_200_000, 18_000_000)).toBe('2–5 hours');
  expect(de.span(60_000, 90_000)).toBe('60–90 Sekunden');
  expect(en.span(175 * 86_400_000, 768 * 86_400_000)).toBe('0.48–2.1 years');
});

test('is never more exact than it can be', () => {
  expect([3, 41_400, 200_000, 2e7, 1e9].map(units.duration)).toEqual([
    '1 second',
    '41 seconds',
    'about 3 minutes',
    'about 6 hours',
    'about 12 days',
  ]);
  expect(german.duration(200_000)).toBe('etwa 3 Minuten');
});

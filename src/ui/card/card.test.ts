import { afterEach, expect, test } from 'vitest';
import { CARD_SIZE, cardSvg, cardText } from '../../report/card.ts';
import { report, result } from '../../report/fixtures/reports.ts';
import { de } from '../messages/de.ts';
import { say } from '../messages/words.ts';
import { cardOf } from './card-of.ts';

const LOOK = { font: 'sans-serif', icon: '<svg viewBox="0 0 1 1"></svg>' };
const RESULTS = [
  result({ id: 'ops.nn.silu:a', status: 'pass', assertions: 3 }),
  result({ id: 'ops.nn.silu:b', status: 'pass', assertions: 3 }),
];
const OPTIONS = { filters: [], shard: { index: 1, count: 1 }, seed: 42 } as const;
const whole = () => report(RESULTS, 'plan', { options: { ...OPTIONS, tier: 'quick' } });

/** The texts of a card, in their order. */
const texts = (svg: string) => [...svg.matchAll(/<text [^>]*>([^<]*)</g)].map(([, text]) => text);

afterEach(() => say());

test('a card says the answer, where and when, and what has room there', async () => {
  const card = cardOf(await whole(), { memoryGiB: 8 });
  expect(card).toMatchObject({
    tone: 'warn',
    headline: 'Yes, but slowly: 2 of 2 checks are right.',
    day: 'Nov 19, 2026',
  });
  expect(card.machine).toMatch(/^software rendering, no GPU in use · Node\.js \d+$/);
  expect(card.note).toBeUndefined();
  expect(card.forecast?.title).toBe('Which models could learn here?');
  expect(card.forecast?.sizes).toHaveLength(6);
  expect(card.forecast?.sizes[0]).toMatchObject({ size: '0.5B', room: { words: 'fits' } });
  const svg = cardSvg(card, LOOK);
  expect(svg).toContain(`width="${CARD_SIZE.width}" height="${CARD_SIZE.height}"`);
  for (const { size, memory } of card.forecast?.sizes ?? []) {
    expect(texts(svg)).toContain(size);
    expect(texts(svg)).toContain(memory);
  }
  expect(texts(svg).join(' ')).toContain(card.headline);
  expect(cardText(card)).toContain('0.5B');
});

test('in German', async () => {
  await say(de);
  const card = cardOf(await whole(), { memoryGiB: 8 });
  expect(card.headline).toMatch(/^Ja, aber langsam: 2 von 2 Prüfungen sind richtig\.$/);
  expect(card.day).toBe('19.11.2026');
  expect(card.forecast?.sizes[0]?.room?.words).toBe('passt');
});

test('where the browser tells nothing of memory, a card tells what each size takes', async () => {
  const { forecast } = cardOf(await whole(), {});
  expect(forecast?.title).toContain('Memory');
  expect(forecast?.sizes.map(({ room }) => room)).toEqual(Array(6).fill(undefined));
});

test('what is wrong, and other settings than the standard, are on it', async () => {
  const wrong = result({ id: 'ops.nn.silu:c', status: 'fail', assertions: 1 });
  const card = cardOf(await report([...RESULTS, wrong], 'plan'), {});
  expect(card).toMatchObject({
    tone: 'bad',
    headline: 'No: 1 of 3 checks is wrong.',
    note: 'Not the standard settings',
  });
  expect(texts(cardSvg(card, LOOK))).toContain('Not the standard settings');
});

test('a replay of recordings is called one, and needs no forecast', async () => {
  const replayed = result({ id: 'parity.silu:a', status: 'pass', assertions: 1 });
  const card = cardOf(await report([replayed], 'plan'), {});
  expect(card.headline).toContain('1 of 1 recording');
  expect(card.forecast).toBeUndefined();
});

test('long names are shortened, and hostile ones are text', async () => {
  const device = `<script>&"${'w'.repeat(80)}`;
  const plain = await whole();
  const [environment, ...others] = plain.environments;
  if (!environment) throw new Error('the fixture has an environment');
  const adapter = {
    ...environment.adapter,
    isFallback: false,
    description: `Graphics ${'x'.repeat(90)}`,
  };
  const named = { ...plain, environments: [{ ...environment, adapter }, ...others] };
  const card = cardOf(named, { device });
  const svg = cardSvg(card, LOOK);
  const machine = texts(svg).find((text) => text?.includes('&lt;script&gt;')) ?? '';
  expect(machine).toContain('…');
  expect(card.machine).toContain(' · Graphics xxx');
  expect(machine, 'the line holds the browser too').toMatch(/ · Node\.js \d+$/);
  expect(svg).not.toContain('<script>');
});

test('a headline keeps to its lines', () => {
  const lines = (headline: string) =>
    texts(cardSvg({ tone: 'good', headline, machine: '' }, LOOK)).slice(1, -1);
  expect(lines('Yes: 2 of 2 checks are right.')).toHaveLength(1);
  expect(lines('Stopped after so many checks that one line cannot hold them.')).toHaveLength(2);
  const longest = lines('very '.repeat(80));
  expect(longest).toHaveLength(3);
  expect(longest.at(-1)).toMatch(/…$/);
});

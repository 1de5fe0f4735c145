import { type Markup, markup } from './markup.ts';
import { type FamilySquares, pictureOf, type SquareState } from './mosaic.ts';
import { textWidth } from './text-width.ts';

/** What sites that show a link expect of its picture. Pixels. */
export const CARD_SIZE = { width: 1200, height: 630 } as const;

/** How an answer sounds. */
type Tone = 'good' | 'bad' | 'warn' | 'none';

/** Whether a model has room. */
type Room = 'fits' | 'tight' | 'too-large' | 'unknown';

/** A model size on a card. */
export interface CardSize {
  readonly size: string;
  readonly memory: string;
  /** Whether it has room; absent where nothing is known of the memory here. */
  readonly room?: { readonly kind: Room; readonly words: string };
}

/** What a card says. */
export interface Card {
  /** Absent where nothing was run. */
  readonly tone?: Tone;
  readonly headline: string;
  /** Below the headline: where it was measured. */
  readonly machine: string;
  /** What a reader must not miss. */
  readonly note?: string;
  readonly day?: string;
  readonly forecast?: { readonly title: string; readonly sizes: readonly CardSize[] };
  /** A square for each check. */
  readonly checks?: { readonly title: string; readonly families: readonly FamilySquares[] };
  /** What is checked, for a card without a result. */
  readonly topics?: readonly string[];
}

/** What a card takes over from the page. */
export interface CardLook {
  /** The page's fonts, as CSS names them. */
  readonly font: string;
  /** The project's icon, an SVG file. */
  readonly icon: string;
}

/**
 * The colours of the light page, also where the page is dark: a card is shown by other programs, and
 * in a small preview dark on light reads best.
 */
const COLOURS = {
  page: '#faf9f6',
  surface: '#ffffff',
  line: '#dcd8d0',
  ink: '#1b1d21',
  muted: '#585c63',
  accent: '#0d5c63',
  good: '#14663a',
  bad: '#a3241d',
  warn: '#735000',
  none: '#585c63',
} as const;

const ROOM_COLOURS: Readonly<Record<Room, string>> = {
  fits: COLOURS.good,
  tight: COLOURS.warn,
  'too-large': COLOURS.bad,
  unknown: COLOURS.muted,
};

const SQUARE_COLOURS: Readonly<Record<SquareState, string>> = {
  wrong: COLOURS.bad,
  right: COLOURS.good,
  expected: COLOURS.warn,
  skipped: COLOURS.muted,
  running: COLOURS.accent,
  waiting: COLOURS.muted,
};

/** The shapes of the page's icons, 16 units square. */
const MARKS: Readonly<Record<Tone, string>> = {
  good: 'M3 8.6l3.3 3.4L13 4.6',
  bad: 'M4 4l8 8M12 4l-8 8',
  warn: 'M8 3.2v6M8 12.4v.2',
  none: 'M3.5 8h9',
};

const EDGE = 48;
const WIDTH = CARD_SIZE.width - 2 * EDGE;
/** Where the headline begins, right of its mark. */
const HEADLINE_X = EDGE + 76;
/** Bold letters are so much wider. */
const BOLD = 1.1;

/** A card as an SVG file of 1200 by 630 pixels that needs nothing else. */
export function cardSvg(card: Card, { font, icon }: CardLook): string {
  const { width, height } = CARD_SIZE;
  const x = card.tone ? HEADLINE_X : EDGE;
  const headline = fitted(card.headline, x);
  const machineY = 168 + (headline.lines.length - 1) * headline.step + 56;
  const noteY = machineY + (card.note ? 38 : 0);
  const parts: readonly Markup[] = [
    box({ x: 0, y: 0, width, height, fill: COLOURS.page }),
    box({ x: 0, y: 0, width, height: 12, fill: card.tone ? COLOURS[card.tone] : COLOURS.accent }),
    brand(icon),
    ...(card.tone ? [mark(card.tone)] : []),
    ...headline.lines.map((text, i) =>
      line(text, { x, y: 168 + i * headline.step, size: headline.size, bold: true }),
    ),
    line(card.machine, { x, y: machineY, size: 28, colour: COLOURS.muted }),
    ...(card.day ? [date(card.day)] : []),
    ...(card.note ? [note(card.note, x, noteY)] : []),
    ...(card.forecast ? [forecastRow(card.forecast, noteY + 58)] : []),
    ...(card.checks ? [mosaic(card.checks, noteY + (card.forecast ? 212 : 58))] : []),
    ...(card.topics ? [pills(card.topics, noteY + 70)] : []),
  ];
  return markup`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}"
 width="${width}" height="${height}" font-family="${font}">
<title>${cardText(card)}</title>
${parts}
</svg>
`.markup;
}

/** The same in a sentence or two, for one who does not see the picture. */
export function cardText(card: Card): string {
  const { headline, machine, note, day, forecast, checks, topics } = card;
  const sizes = forecast?.sizes.map(({ size, memory, room }) =>
    [`${size} ${memory}`, ...(room ? [room.words] : [])].join(' '),
  );
  return [
    `Gradproof: ${headline}`,
    [machine, ...(day ? [day] : [])].join(', '),
    ...(note ? [note] : []),
    ...(forecast && sizes ? [`${forecast.title} ${sizes.join(', ')}`] : []),
    ...(checks ? [checks.title] : []),
    ...(topics ? [topics.join(', ')] : []),
  ].join('\n');
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly fill: string;
  readonly stroke?: string;
  readonly radius?: number;
}

function box({ x, y, width, height, fill, stroke = 'none', radius = 0 }: Box): Markup {
  return markup`<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="${radius}" fill="${fill}" stroke="${stroke}" stroke-width="2"/>`;
}

function brand(icon: string): Markup {
  const size = markup`<svg x="${EDGE}" y="${EDGE}" width="48" height="48"`;
  const placed = { markup: icon.replace('<svg', size.markup) };
  return markup`${placed}${line('Gradproof', { x: EDGE + 64, y: 82, size: 30, bold: true })}`;
}

function date(day: string): Markup {
  return line(day, { x: EDGE + WIDTH, y: 82, size: 24, colour: COLOURS.muted, anchor: 'end' });
}

function mark(tone: Tone): Markup {
  return markup`<circle cx="${EDGE + 27}" cy="151" r="27" fill="${COLOURS[tone]}"/>
<path transform="translate(${EDGE + 7} 131) scale(2.5)" d="${MARKS[tone]}" fill="none"
 stroke="${COLOURS.surface}" stroke-width="1.9" stroke-linecap="round" stroke-linejoin="round"/>`;
}

function note(text: string, x: number, y: number): Markup {
  return line(text, { x, y, size: 24, colour: COLOURS.warn, bold: true });
}

/** Model sizes side by side: how much memory each takes, and whether it is there. */
function forecastRow({ title, sizes }: NonNullable<Card['forecast']>, y: number): Markup {
  const step = WIDTH / sizes.length;
  const width = step - 12;
  const cells = sizes.flatMap(({ size, memory, room }, i) => {
    const left = EDGE + i * step;
    const x = left + 16;
    const most = width - 32;
    const height = room ? 104 : 78;
    const colour = room && ROOM_COLOURS[room.kind];
    return [
      box({ ...FRAME, x: left, y: y + 14, width, height, radius: 10 }),
      line(size, { x, y: y + 48, size: 26, bold: true }),
      line(memory, { x, y: y + 76, size: 20, colour: COLOURS.muted, most }),
      ...(room ? [line(room.words, { x, y: y + 103, size: 20, colour, bold: true, most })] : []),
    ];
  });
  return markup`${line(title, { x: EDGE, y, size: 22, colour: COLOURS.muted })}${cells}`;
}

/** A square for each check, families one after the other, in what is left of the card. */
function mosaic({ title, families }: NonNullable<Card['checks']>, y: number): Markup {
  const top = y + 16;
  const paths = pictureOf(families, {
    width: WIDTH,
    height: CARD_SIZE.height - 24 - top,
    most: LARGEST_SQUARE,
  });
  const shapes = Object.entries(paths).map(([state, path]) => {
    const colour = SQUARE_COLOURS[state as SquareState];
    return markup`<path transform="translate(${EDGE} ${top})" fill-rule="evenodd" fill="${colour}" d="${path}"/>`;
  });
  return markup`${line(title, { x: EDGE, y, size: 22, colour: COLOURS.muted })}${shapes}`;
}

/** From one square to the next, where there are few. */
const LARGEST_SQUARE = 30;

const FRAME = { fill: COLOURS.surface, stroke: COLOURS.line } as const;

/** What is checked, each in a frame, in rows. */
function pills(topics: readonly string[], y: number): Markup {
  let left = EDGE;
  let top = y;
  const framed = topics.flatMap((topic) => {
    const width = textWidth(topic, 28) + 44;
    if (left + width > EDGE + WIDTH) [left, top] = [EDGE, top + 84];
    const x = left;
    left += width + 20;
    const frame = { ...FRAME, stroke: COLOURS.accent, x, y: top, width, height: 64, radius: 32 };
    return [box(frame), line(topic, { x: x + width / 2, y: top + 42, size: 28, anchor: 'middle' })];
  });
  return markup`${framed}`;
}

interface LineStyle {
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly colour?: string | undefined;
  readonly bold?: boolean;
  /** What of the line is at `x`. */
  readonly anchor?: 'start' | 'middle' | 'end';
  /** The width that it may take; the rest of the card's if not given. */
  readonly most?: number;
}

/** A line of text, set smaller where it would be too wide, by a fifth at most, and then cut. */
function line(text: string, style: LineStyle): Markup {
  const { x, y, size, colour = COLOURS.ink, bold = false, anchor = 'start', most } = style;
  const room = most ?? (anchor === 'start' ? EDGE + WIDTH - x : WIDTH);
  const wide = textWidth(text, size) * (bold ? BOLD : 1);
  const shown = Math.max(0.8, Math.min(1, room / wide)) * size;
  const fits = cut(text, room / (bold ? BOLD : 1), shown);
  return markup`<text x="${x}" y="${y}" font-size="${shown.toFixed(1)}" fill="${colour}" font-weight="${bold ? 650 : 400}" text-anchor="${anchor}">${fits}</text>`;
}

/** The headline on two lines, smaller if it must be, else on three; more than that is cut. */
function fitted(text: string, x: number): Headline {
  const room = (EDGE + WIDTH - x) / BOLD;
  for (const size of [50, 44, 40]) {
    const lines = wrapped(text, room, size);
    if (lines.length <= 2) return { lines, size, step: 1.2 * size };
  }
  const small = wrapped(text, room, 40);
  const rest = small.slice(2).join(' ');
  return { lines: [...small.slice(0, 2), cut(rest, room, 40)], size: 40, step: 48 };
}

interface Headline {
  readonly lines: readonly string[];
  readonly size: number;
  /** From one line to the next. */
  readonly step: number;
}

function wrapped(text: string, room: number, size: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    const longer = `${last} ${word}`;
    if (last !== undefined && textWidth(longer, size) <= room) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** As much of a text as has room, with an ellipsis where that is not all. */
function cut(text: string, room: number, size: number): string {
  if (textWidth(text, size) <= room) return text;
  const letters = [...text];
  while (letters.length > 0 && textWidth(`${letters.join('')}…`, size) > room) letters.pop();
  return `${letters.join('').trimEnd()}…`;
}

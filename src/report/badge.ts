import { type AnswerLine, shortAnswer } from './answer.ts';
import { type Markup, markup } from './markup.ts';
import { placeWords } from './place.ts';
import { plainText } from './plain-text.ts';
import type { Report } from './schema.ts';
import { isStandard, settingsOf } from './settings.ts';
import { textWidth } from './text-width.ts';

/** What a badge or a summary may say beyond the report. */
export interface Sharing {
  /** What the person calls the computer or its chip, since browsers hide the name. */
  readonly device?: string;
}

const LABEL = 'Gradproof';
const MOST_CHARACTERS = 120;

/** White on each has a contrast of 4.5 or more. */
const COLOURS: Readonly<Record<AnswerLine['tone'], string>> = {
  good: '#14663a',
  bad: '#a3241d',
  open: '#735000',
};

/**
 * "1228 of 1228 right on Apple M2 (Chromium 156)": the words of a report's badge, without what it
 * is a badge of.
 */
export function badgeWords(report: Report, { device }: Sharing = {}): string {
  const [environment] = report.environments;
  const where = environment ? ` on ${placeWords(environment, device)}` : '';
  const more = report.environments.length > 1 ? ` and ${report.environments.length - 1} more` : '';
  const settings = isStandard(settingsOf(report)) ? '' : ', not the standard settings';
  return plainText(`${shortAnswer(report).text}${where}${more}${settings}`, MOST_CHARACTERS);
}

/**
 * The answer of a report as a badge: an SVG file of its own, without links, fonts or scripts, 20
 * pixels high; hatched where the settings were not the standard. It says the same to screen
 * readers. Texts of a hostile report are escaped.
 */
export function toBadge(report: Report, sharing: Sharing = {}): string {
  const words = badgeWords(report, sharing);
  const left = widthOf(LABEL);
  const right = widthOf(words);
  const text = (content: string, from: number, width: number) =>
    markup`<text x="${from + PADDING}" y="14" textLength="${width - 2 * PADDING}" lengthAdjust="spacingAndGlyphs">${content}</text>`;
  return `${
    markup`<svg xmlns="http://www.w3.org/2000/svg" width="${left + right}" height="20" role="img" aria-label="${`${LABEL}: ${words}`}">
<title>${`${LABEL}: ${words}`}</title>
<clipPath id="r"><rect width="${left + right}" height="20" rx="3"/></clipPath>
<g clip-path="url(#r)"><rect width="${left}" height="20" fill="#3a3d42"/><rect x="${left}" width="${right}" height="20" fill="${COLOURS[shortAnswer(report).tone]}"/>${isStandard(settingsOf(report)) ? '' : hatch(left, right)}</g>
<g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11">${text(LABEL, 0, left)}${text(words, left, right)}</g>
</svg>
`.markup
  }`;
}

/** The Markdown that shows a badge's file and leads to a link. */
export function badgeMarkdown(
  report: Report,
  file: string,
  link: string,
  sharing: Sharing = {},
): string {
  const words = `${LABEL}: ${badgeWords(report, sharing)}`.replace(/[\\[\]!<>&*_`]/g, '\\$&');
  return `[![${words}](${file})](${link})`;
}

const PADDING = 7;

/** Darker stripes over a half of the badge, on which white reads the better. */
function hatch(from: number, width: number): Markup {
  return markup`<pattern id="h" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="3" height="8" fill="#000" opacity=".3"/></pattern><rect x="${from}" width="${width}" height="20" fill="url(#h)"/>`;
}

/**
 * Pixels of a half of the badge; Verdana at 11 pixels, roughly, to which `textLength` then fits the
 * text.
 */
function widthOf(text: string): number {
  return Math.ceil(textWidth(text, 11)) + 2 * PADDING;
}

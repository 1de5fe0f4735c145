import { answerLines } from './answer.ts';
import type { Sharing } from './badge.ts';
import { causesOf, causeWords } from './causes.ts';
import { type Headline, headlineWords } from './headlines.ts';
import { placesWords } from './place.ts';
import { plainText } from './plain-text.ts';
import { reasonWords } from './reason.ts';
import { reproduceCommand } from './reproduce.ts';
import type { Report } from './schema.ts';
import { settingsOf, settingsWords } from './settings.ts';

/** What a summary says beyond the report. */
export interface MarkdownSharing extends Sharing {
  /** How each library did; see `headlinesOf`. */
  readonly headlines?: readonly Headline[];
  /** The share link of the report. */
  readonly link?: string;
  /** How the command line is called where this is read. Default `npm start --`. */
  readonly program?: string;
}

/** Failures that are listed one by one. */
const MOST_LISTED = 20;

/**
 * The report as Markdown, for an issue, a pull request or a job's summary: answer, place, settings
 * that are not the standard, libraries, the first failures with the command that shows each. Texts
 * of a hostile report are shown and nothing else: they cannot make links, images, mentions or HTML.
 */
export function toMarkdown(
  report: Report,
  { device, headlines = [], link, program }: MarkdownSharing = {},
): string {
  const [answer, ...more] = answerLines(report).map(({ text }) => text);
  const { startedAt, tier } = report.run;
  const facts = [
    placesWords(report.environments, device),
    `tier ${tier}`,
    startedAt.slice(0, 10),
    `${report.tool.name} ${report.tool.version} (${report.tool.commit})`,
  ];
  const settings = settingsWords(settingsOf(report));
  const blocks = [
    `### Gradproof: ${answer}`,
    ...more,
    escapeMarkdown(facts.filter(Boolean).join(' · ')),
    ...(settings.length > 0
      ? [`Not the standard settings: ${escapeMarkdown(settings.join('; '))}.`]
      : []),
    ...(headlines.length > 0
      ? [headlines.map((headline) => `- ${escapeMarkdown(headlineWords(headline))}`).join('\n')]
      : []),
    ...failures(report, program),
    ...(link === undefined
      ? []
      : [`[Every check of this result](<${link.replace(/[<>\\\s]/g, encodeURIComponent)}>)`]),
  ];
  return `${blocks.join('\n\n')}\n`;
}

function failures(report: Report, program: string | undefined): readonly string[] {
  const causes = causesOf(report.results);
  const wrong = causes.flatMap(({ results }) => results);
  if (wrong.length === 0) return [];
  const groups = causes
    .slice(0, MOST_LISTED)
    .map((cause) => `- ${escapeMarkdown(causeWords(cause, wrong.length))}`);
  const items = wrong
    .slice(0, MOST_LISTED)
    .map(
      (result) =>
        `- ${code(result.id)}: ${code(reasonWords(result))}; see it again with ${code(reproduceCommand(result, report, report.environments[result.env], program))}`,
    );
  const rest =
    wrong.length > MOST_LISTED ? [`${wrong.length - MOST_LISTED} more did not pass.`] : [];
  return [groups.join('\n'), items.join('\n'), ...rest];
}

/** Text between more backticks than it holds: nothing in it is markup. */
function code(text: string): string {
  const shown = plainText(text, 300).trim() || ' ';
  const longest = Math.max(0, ...[...shown.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const pad = /^`|`$/.test(shown) ? ' ' : '';
  return `${fence}${pad}${shown}${pad}${fence}`;
}

/**
 * Text as it is: no punctuation that means something, also at the start of a line, and no `@` that
 * would mention a person.
 */
function escapeMarkdown(text: string): string {
  return plainText(text, 1000)
    .trim()
    .replaceAll('@', '(at)')
    .replace(/[!"#$%&*+./:;<=>?[\\\]^_`{|}~]/g, '\\$&')
    .replace(/^(\d*)([-)])/, '$1\\$2');
}

import { sha256Digest } from '../formats/sha256.ts';
import { answerLines, countWords } from './answer.ts';
import { badgeWords } from './badge.ts';
import type { Headline } from './headlines.ts';
import { casesSection } from './html/cases.ts';
import { environmentSection } from './html/environment.ts';
import { librariesSection } from './html/libraries.ts';
import { mosaicSection } from './html/mosaic.ts';
import { problemsSection } from './html/problems.ts';
import { STYLE } from './html/style.ts';
import { type Markup, markup } from './markup.ts';
import { placesWords } from './place.ts';
import { plainText } from './plain-text.ts';
import { IN_CHECKOUT } from './reproduce.ts';
import type { Report } from './schema.ts';
import { settingsOf, settingsWords } from './settings.ts';

/**
 * The report as one HTML file that needs nothing else: no script, no request, no font; its policy
 * allows the one style sheet by its hash and nothing besides. Answer, libraries and failures come
 * first; every result is in a table by suite, closed where nothing is wrong, so that ten thousand
 * of them open at once. Texts of a hostile report are escaped. `headlines` say how each library did
 * (`headlinesOf`), `program` how the command line is called where the report is made.
 */
export async function toHtml(
  report: Report,
  headlines: readonly Headline[] = [],
  program = IN_CHECKOUT,
): Promise<string> {
  const title = `Gradproof: ${badgeWords(report)}`;
  const policy = `default-src 'none'; style-src 'sha256-${await sha256(STYLE)}'; base-uri 'none'; form-action 'none'`;
  // The style sheet stands in the file byte by byte as it was hashed.
  const sheet: Markup = { markup: `<style>${STYLE}</style>` };
  return markup`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta http-equiv="Content-Security-Policy" content="${policy}"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
<meta name="referrer" content="no-referrer"/>
<title>${title}</title>
${sheet}
</head>
<body>
${header(report)}
<main>
${librariesSection(headlines)}
${problemsSection(report, program)}
${mosaicSection(report)}
${report.environments.map(environmentSection)}
${casesSection(report)}
</main>
<footer><p>Made from a report of Gradproof ${report.tool.version} (${report.tool.commit}), run ${plainText(report.run.id)}, plan ${report.run.planHash.slice(0, 12)}. It is unverified: trust it as far as you trust its sender.</p></footer>
</body>
</html>
`.markup;
}

function header(report: Report): Markup {
  const { run, environments, kind } = report;
  const [answer, ...more] = answerLines(report);
  const settings = settingsWords(settingsOf(report));
  const places = plainText(placesWords(environments));
  const day = `${run.startedAt.slice(0, 10)}, ${run.startedAt.slice(11, 16)} UTC`;
  return markup`<header>
<p class="muted">Gradproof, ${kind}</p>
<h1 class="${answer.tone}">${answer.text}</h1>
${more.map(({ tone, text }) => markup`<p class="${tone}">${text}</p>\n`)}<p>On ${places || 'an unknown computer'}, <time datetime="${run.startedAt}">${day}</time>, in ${(run.durationMs / 1000).toFixed(1)} s. ${countWords(report.summary)}.</p>
${settings.length > 0 ? markup`<p class="note">Not the standard settings: ${plainText(settings.join('; '), 1000)}.</p>` : ''}
</header>`;
}

async function sha256(text: string): Promise<string> {
  return btoa(String.fromCharCode(...(await sha256Digest(new TextEncoder().encode(text)))));
}

import { causesOf, causeWords } from '../causes.ts';
import { type Markup, markup } from '../markup.ts';
import { plainText } from '../plain-text.ts';
import { reasonOf, whereWrong } from '../reason.ts';
import { reproduceCommand } from '../reproduce.ts';
import type { CaseResult, Report } from '../schema.ts';

/** Failures that are told at length; a report may have thousands, and the first ones are read. */
const MOST_TOLD = 200;
const MOST_CHARACTERS = 2000;

/**
 * What did not pass, by what may have caused it, each with its reason, the first wrong element and the command that shows it
 * again; nothing where all passed.
 */
export function problemsSection(report: Report, program: string): Markup {
  const causes = causesOf(report.results);
  if (causes.length === 0) return markup``;
  const wrong = causes.reduce((sum, { results }) => sum + results.length, 0);
  const rest = wrong - MOST_TOLD;
  let room = MOST_TOLD;
  const told = causes.map((cause) => {
    const results = cause.results.slice(0, room);
    room -= results.length;
    return markup`<p class="note">${plainText(causeWords(cause, wrong))}</p>
${results.map((result) => problem(result, report, program))}`;
  });
  return markup`<section aria-labelledby="problems">
<h2 id="problems">What did not pass</h2>
${told}${rest > 0 ? markup`<p>${rest} more did not pass; they are among all results below.</p>` : ''}
</section>`;
}

function problem(result: CaseResult, report: Report, program: string): Markup {
  const { id, backend, status, error, finding, fault } = result;
  const { code, message } = reasonOf(result);
  const at = error?.at ?? finding?.at;
  const alsoFound = error && finding ? finding : undefined;
  return markup`<article>
<h3><code>${plainText(id)}</code></h3>
<p><strong class="bad">${status}</strong> on ${plainText(backend)}: ${code}</p>
<p>${plainText(message, MOST_CHARACTERS)}</p>
${at ? markup`<p>First wrong element ${whereWrong(at)}.</p>\n` : ''}${alsoFound ? markup`<p>Also found: ${alsoFound.code}: ${plainText(alsoFound.message, MOST_CHARACTERS)}</p>\n` : ''}${fault ? markup`<p>Whose fault: ${fault}</p>\n` : ''}<pre tabindex="0" aria-label="Command that shows it again"><code>${plainText(reproduceCommand(result, report, report.environments[result.env], program), MOST_CHARACTERS)}</code></pre>
</article>
`;
}

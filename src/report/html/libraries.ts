import { type Headline, headlineWords } from '../headlines.ts';
import { type Markup, markup } from '../markup.ts';
import { plainText } from '../plain-text.ts';

/**
 * How each library did, recorded or live, and each place where its own value is off; nothing where
 * none took part.
 */
export function librariesSection(headlines: readonly Headline[]): Markup {
  if (headlines.length === 0) return markup``;
  return markup`<section aria-labelledby="libraries">
<h2 id="libraries">Libraries</h2>
<ul>
${headlines.map(
  (headline) => markup`<li>${plainText(headlineWords(headline))}${deviations(headline)}</li>
`,
)}</ul>
</section>`;
}

function deviations({ deviating }: Headline): Markup {
  if (deviating.length === 0) return markup``;
  return markup`<ul>${deviating.map(({ id, finding }) => markup`<li><code>${plainText(id)}</code> ${plainText(finding?.message ?? '')}</li>`)}</ul>`;
}

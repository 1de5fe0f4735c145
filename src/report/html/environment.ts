import { counted } from '../counted.ts';
import { type Markup, markup } from '../markup.ts';
import { chipName } from '../place.ts';
import { plainText } from '../plain-text.ts';
import { probeFacts } from '../probe-facts.ts';
import type { Environment } from '../schema.ts';

/**
 * Where results were computed: computer, what the probe found of its arithmetic, and, folded,
 * features, limits and tuning.
 */
export function environmentSection(environment: Environment, index: number): Markup {
  const { adapter, runtime, runtimeVersion, os, cores, features, limits, probe, tuning } =
    environment;
  const facts = probeFacts(probe);
  const names = Object.entries({
    vendor: adapter.vendor,
    architecture: adapter.architecture,
    device: adapter.device,
  });
  return markup`<section aria-labelledby="environment-${index}">
<h2 id="environment-${index}">Where: ${plainText(chipName(adapter)) || 'an unnamed graphics chip'}</h2>
<dl>
<dt>Runs in</dt><dd>${plainText(`${runtime} ${runtimeVersion}`)}</dd>
<dt>System</dt><dd>${plainText(os)}, ${counted(cores, 'core')}</dd>
${names.filter(([, value]) => value).map(([name, value]) => markup`<dt>Adapter’s ${name}</dt><dd>${plainText(value)}</dd>\n`)}${adapter.isFallback ? markup`<dt>Note</dt><dd>Software rendering, no GPU in use: results count, speed does not.</dd>\n` : ''}</dl>
${
  facts.length > 0
    ? table(
        `Arithmetic of environment ${index}`,
        ['Arithmetic', 'Found', 'What it means'],
        facts.map(({ name, found, means }) => [name, found, means]),
      )
    : ''
}
<details><summary>Features, limits and tuning</summary>
<p>${plainText(features.join(', '), 2000) || 'No features beyond WebGPU’s own.'}</p>
${table(
  `Limits and tuning of environment ${index}`,
  ['Name', 'Value'],
  [...Object.entries(limits), ...Object.entries(tuning)].map(([name, value]) => [
    name,
    String(value),
  ]),
)}
</details>
</section>
`;
}

function table(
  name: string,
  header: readonly string[],
  rows: readonly (readonly string[])[],
): Markup {
  return markup`<div class="wide" role="region" aria-label="${name}" tabindex="0"><table>
<thead><tr>${header.map((cell) => markup`<th scope="col">${cell}</th>`)}</tr></thead>
<tbody>
${rows.map(([first = '', ...rest]) => markup`<tr><th scope="row">${plainText(first)}</th>${rest.map((cell) => markup`<td>${plainText(cell)}</td>`)}</tr>\n`)}</tbody>
</table></div>`;
}

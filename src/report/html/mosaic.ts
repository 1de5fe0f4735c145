import { FAMILY_NAMES } from '../families.ts';
import { type Markup, markup } from '../markup.ts';
import { type FamilySquares, mosaicOf, pathsOf, squareOf, squareWords } from '../mosaic.ts';
import type { Report } from '../schema.ts';

const COLUMNS = 28;
const PITCH = 10;

/**
 * A square for each check of a run, by family, with the counts in words beside them; nothing for
 * other reports, whose results are of other kinds.
 */
export function mosaicSection({ kind, results }: Report): Markup {
  if (kind !== 'run' || results.length === 0) return markup``;
  return markup`<section aria-labelledby="mosaic">
<h2 id="mosaic">Every check</h2>
<p class="muted">A square for each: filled is right, with a cross is wrong, hollow was skipped.</p>
<ul class="mosaic">
${mosaicOf(results.map(squareOf)).map(familyItem)}</ul>
</section>
`;
}

function familyItem({ family, squares, counts }: FamilySquares): Markup {
  const columns = Math.min(COLUMNS, squares.length);
  const width = columns * PITCH;
  const height = Math.ceil(squares.length / columns) * PITCH;
  const paths = Object.entries(pathsOf(squares, { columns, pitch: PITCH }));
  return markup`<li><h3>${FAMILY_NAMES[family]}</h3>
<p class="muted">${squareWords(counts)}</p>
<svg width="${width}" height="${height}" viewBox="-1 -1 ${width} ${height}" aria-hidden="true">${paths.map(([state, d]) => markup`<path class="${state}" fill-rule="evenodd" d="${d}"/>`)}</svg></li>
`;
}

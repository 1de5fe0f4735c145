import { svg } from 'lit';
import { type Examination, SHARES } from '../../reference/examination.ts';
import { casesWords } from '../cases/cases.en.ts';
import { unitsWords } from '../messages/units.en.ts';
import { areaOf, axes, type Size } from './axes.ts';
import type { Figure } from './figure.ts';

/**
 * How many elements of a tensor took which share of the error that is allowed: the histogram of its
 * errors in units of the bound.
 */
export function sharesFigure({
  name,
  shares,
  typicalShares,
  compared,
  wrong,
}: Examination): Figure {
  const { errors } = casesWords();
  const { number } = unitsWords();
  const labels = shares.map((_, i) => labelOf(i));
  const allowed = shares.length - shares.slice(WITHIN + 1).findIndex((count) => count > 0);
  const most = shares.findLastIndex((count) => count > 0);
  return {
    caption: errors.caption(name),
    description: errors.description(number(compared), number(wrong), labelOf(Math.max(0, most))),
    legend: [
      { mark: 'bar', ink: 's1', words: errors.within },
      ...(wrong > 0 && allowed > 0
        ? [{ mark: 'bar', ink: 's2', words: errors.beyond } as const]
        : []),
    ],
    table: {
      columns: [
        { label: errors.share },
        { label: errors.elements },
        ...(typicalShares ? [{ label: errors.typical }] : []),
      ],
      rows: labels.map((label, i) => [
        label,
        shares[i],
        ...(typicalShares ? [typicalShares[i]] : []),
      ]),
    },
    draw: (size) => draw(shares, labels, size),
    file: 'gradproof-errors',
    height: (width) => Math.round(Math.min(260, Math.max(200, width * 0.4))),
  };
}

/** The last bin of what is allowed: up to one bound. */
const WITHIN = SHARES.indexOf(1) + 1;

/** "0", "≤ 1/1024", "≤ 1", "≤ 16", "> 16". */
function labelOf(bin: number): string {
  const end = SHARES[bin - 1];
  if (bin === 0) return '0';
  if (end === undefined) return `> ${SHARES.at(-1)}`;
  return `≤ ${end < 1 ? `1/${1 / end}` : end}`;
}

/** The height is by the logarithm: one wrong element among a million is seen. */
function draw(shares: readonly number[], labels: readonly string[], size: Size) {
  const { errors } = casesWords();
  const { number } = unitsWords();
  const area = areaOf(size);
  const top = Math.max(1, Math.ceil(Math.log10(Math.max(...shares, 1) + 1)));
  const width = (area.right - area.left) / shares.length;
  const y = (count: number) =>
    area.bottom - ((area.bottom - area.top) * Math.log10(count + 1)) / Math.log10(10 ** top + 1);
  const every = Math.ceil(52 / width);
  const ticks = labels.flatMap((words, i) =>
    i % every === 0 || i === WITHIN ? [{ at: area.left + (i + 0.5) * width, words }] : [],
  );
  const levels = Array.from({ length: top + 1 }, (_, i) => 10 ** i);
  return svg`${axes(
    area,
    {
      ticks: ticks.filter(
        ({ words }, i) =>
          words === labelOf(WITHIN) ||
          Math.abs(i - ticks.findIndex((t) => t.words === labelOf(WITHIN))) > 1 ||
          every === 1,
      ),
      label: errors.share,
    },
    {
      ticks: levels.map((count) => ({ at: y(count), words: number(count) })),
      label: errors.elements,
    },
  )}
  ${shares.map((count, i) => (count === 0 ? '' : svg`<rect class="bar ${i > WITHIN ? 's2' : 's1'}" x=${area.left + i * width + 1} width=${Math.max(1, width - 2)} y=${y(count)} height=${area.bottom - y(count)} />`))}
  <line class="rule back" x1=${area.left + (WITHIN + 1) * width} x2=${area.left + (WITHIN + 1) * width} y1=${area.top} y2=${area.bottom} />`;
}

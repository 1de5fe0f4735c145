import { svg } from 'lit';
import { unitsWords } from '../messages/units.en.ts';

/** A plot's size in units of its drawing: pixels where text has its usual size. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Where the plotted area lies. */
export interface Area {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** One axis: where its ticks are, what they say, what is measured. */
export interface Axis {
  readonly ticks: readonly { readonly at: number; readonly words: string }[];
  readonly label: string;
}

/**
 * The plotted area of a figure of `size`, with room for ticks and labels; `start` is the width of
 * the ticks at its side.
 */
export function areaOf({ width, height }: Size, start = 52): Area {
  return { left: start, right: width - 12, top: 28, bottom: height - 44 };
}

/**
 * Grid lines, ticks and labels; the label of the upright axis stands above it, so that it is read
 * without turning the head.
 */
export function axes({ left, right, bottom }: Area, x: Axis, y: Axis) {
  return svg`<g class="axes">
    ${y.ticks.map(
      ({ at, words }) => svg`<line class="grid" x1=${left} x2=${right} y1=${at} y2=${at} />
        <text x=${left - 8} y=${at} dy="0.32em" text-anchor="end">${words}</text>`,
    )}
    ${x.ticks.map(
      ({ at, words }) => svg`<line class="tick" x1=${at} x2=${at} y1=${bottom} y2=${bottom + 5} />
        <text x=${at} y=${bottom + 19} text-anchor="middle">${words}</text>`,
    )}
    <line class="axis" x1=${left} x2=${right} y1=${bottom} y2=${bottom} />
    <text x=${right} y=${bottom + 38} text-anchor="end">${x.label}</text>
    <text x=${Math.min(left, 8)} y=${12}>${y.label}</text>
  </g>`;
}

/** The width of a letter in a drawing, about. */
export const LETTER = 7.6;

/** As much of a text as fits into `width`: its beginning and its end. */
export function fitted(text: string, width: number): string {
  const most = Math.max(4, Math.floor((width - 8) / LETTER));
  return text.length <= most
    ? text
    : `${text.slice(0, Math.ceil(most / 2) - 1)}…${text.slice(-Math.floor(most / 2))}`;
}

/**
 * Ticks of a logarithmic axis: powers of ten, with their doubles and fivefolds where those are few;
 * none too near the next.
 */
export function decades(from: number, to: number, width: number) {
  const { number } = unitsWords();
  const powers = Array.from(
    { length: Math.ceil(Math.log10(to)) - Math.floor(Math.log10(from)) + 1 },
    (_, i) => Math.floor(Math.log10(from)) + i,
  );
  const within = (factors: readonly number[]) =>
    powers
      .flatMap((power) => factors.map((factor) => Number(`${factor}e${power}`)))
      .filter((value) => value >= from && value <= to);
  const wide = within([1]);
  const values = wide.length < 3 ? within([1, 2, 5]) : wide;
  const every = Math.ceil((values.length * 60) / width);
  return values
    .filter((_, i) => i % every === 0)
    .map((value) => ({
      value,
      words: number(
        value,
        Math.abs(Math.log10(value)) > 5
          ? { notation: 'scientific' }
          : { maximumSignificantDigits: 1 },
      ),
    }));
}

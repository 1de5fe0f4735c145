import { svg, type TemplateResult } from 'lit';

/**
 * Shapes of the page, 16 units square, drawn with the text's colour. Each is decoration: a word
 * always stands beside it.
 */
const SHAPES = {
  good: 'M3 8.6l3.3 3.4L13 4.6',
  bad: 'M4 4l8 8M12 4l-8 8',
  warn: 'M8 3.2v6M8 12.4v.2',
  alert: 'M8 2.3l6.2 11H1.8zM8 6.6v3M8 11.4v.1',
  none: 'M3.5 8h9',
  half: 'M8 2.8a5.2 5.2 0 1 0 .01 0M8 2.8v10.4',
  waiting: 'M8 2.8a5.2 5.2 0 1 0 .01 0',
  running: 'M8 2.5a5.5 5.5 0 1 1-5.5 5.5',
  clock: 'M8 2.5a5.5 5.5 0 1 0 .01 0M8 5v3.2l2.2 1.4',
  chip: 'M4.5 4.5h7v7h-7zM6.5 4.5v-2M9.5 4.5v-2M6.5 13.5v-2M9.5 13.5v-2M4.5 6.5h-2M4.5 9.5h-2M13.5 6.5h-2M13.5 9.5h-2',
  file: 'M4.5 2.5h5l2.5 2.5v8.5h-7.5zM9.3 2.7v2.6h2.6',
  caret: 'M6 4l4 4-4 4',
  menu: 'M2.5 4.5h11M2.5 8h11M2.5 11.5h11',
  run: 'M5.5 3.5v9l7-4.5z',
} as const;

/** The name of a shape. */
export type IconName = keyof typeof SHAPES;

/** An icon of the text's colour; its size is in sixteenths of the page's text. */
export function icon(name: IconName, size = 16): TemplateResult {
  return svg`<svg viewBox="0 0 16 16" width="${size / 16}rem" height="${size / 16}rem" fill="none" stroke="currentColor" stroke-width="1.7"
    stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false"><path d=${SHAPES[name]} /></svg>`;
}

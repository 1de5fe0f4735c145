import type { ChoosingListener, ChoosingOutcome } from '../../harness/choosing.ts';
import { whyNotSaved } from '../../quantizer/choosing/measured.ts';
import { metaWords } from '../../quantizer/choosing/meta-words.ts';
import { type SchemeTotal, schemeTotals } from '../../quantizer/choosing/totals.ts';
import type { LeftOut } from '../../quantizer/choosing/weights-of-file.ts';
import { counted } from '../../report/counted.ts';
import { plainText } from '../../report/plain-text.ts';
import { PROGRAM } from '../checkout.ts';
import { paint, type Voice } from './voice.ts';

/** Layers that have a table of their own; CSV and report have all. */
const MOST_LAYERS = 6;

/** Shows how far a measurement is, where a terminal shows it. */
export function showMeasuring(voice: Voice): ChoosingListener {
  return (event) => {
    if (event.type !== 'measured' || !voice.live) return;
    const { done, total, measured } = event;
    const line = `${done} of ${total}: ${measured.scheme.method} of ${plainText(measured.layer, 100)}`;
    const isLast = done === total;
    voice.write(`\r\x1b[K${isLast ? '' : line.slice(0, voice.columns() - 1)}`);
  };
}

/** A table of all layers together, one of each, and what the figures are. */
export function showSchemes(voice: Voice, { report, measured }: ChoosingOutcome): void {
  const layers = [...new Set(measured.map(({ layer }) => layer))];
  if (layers.length > 1) {
    const totals = schemeTotals(measured);
    const summed = totals[0]?.layers ?? 0;
    const rest = layers.length - summed;
    sayTable(
      voice,
      `${counted(summed, 'layer')} together${rest > 0 ? ` (${rest} that every scheme refuses left out)` : ''}`,
      totals,
    );
    voice.say('');
  }
  for (const layer of layers.slice(0, MOST_LAYERS)) {
    const those = measured.filter((one) => one.layer === layer);
    sayTable(voice, plainText(layer, 100), schemeTotals(those));
    voice.say('');
  }
  if (layers.length > MOST_LAYERS)
    voice.say(`${layers.length - MOST_LAYERS} more layers: --csv and --report have them`);
  voice.say('* no scheme of as few bytes has a smaller error of the outputs (Pareto front)');
  voice.say(
    `Errors are root mean squares relative to those of floats; times are medians of three, to compare schemes and not to quote: ${PROGRAM} bench measures.`,
  );
  for (const { error } of report.results)
    if (error) voice.say(paint(voice, 'red', plainText(`${error.code}: ${error.message}`, 300)));
  if (!report.run.complete) voice.say(paint(voice, 'yellow', 'Only a part was measured.'));
  const { durationMs } = report.run;
  voice.say(`${counted(measured.length, 'measurement')} in ${(durationMs / 1000).toFixed(1)} s`);
}

/** Names that a line lists; the table of a measurement, its CSV and report have all. */
const MOST_NAMES = 8;

function listed(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).map((name) => plainText(name, 100));
  const more = names.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Says which weights of a file are not quantized whatever the method, and why. */
export function showLeftOut(voice: Voice, leftOut: readonly LeftOut[]): void {
  if (leftOut.length === 0) return;
  const names = leftOut.map(
    ({ layer, dtype, why }) =>
      `${layer} (${why === 'type' ? `${dtype} is not quantized: give F16, BF16, F32 or F64` : why})`,
  );
  voice.say(`left as they are: ${listed(names)}`);
}

/** Says what of the weights a file that was asked for holds quantized, or why there is none. */
export function showSaved(
  voice: Voice,
  path: string,
  { report, measured }: ChoosingOutcome,
  isSaved: boolean,
): void {
  const inFloats = measured.flatMap((one) => {
    const why = whyNotSaved(one);
    return why === undefined ? [] : [{ layer: one.layer, why }];
  });
  if (isSaved) {
    const rest =
      inFloats.length === 0
        ? ''
        : `; in floats as they were: ${listed(inFloats.map(({ layer }) => layer))}`;
    const done = measured.length - inFloats.length;
    voice.say(
      `${path}: ${done} of ${counted(measured.length, 'layer')} quantized by ${measured[0]?.scheme.method}${rest}`,
    );
    return;
  }
  const why = report.run.complete
    ? `no layer could be quantized: ${plainText(inFloats[0]?.why ?? '', 300)}`
    : 'it ended before every layer was quantized';
  voice.say(`${path} is not written: ${why}`);
}

const HEAD = [
  'bits',
  'group',
  'of outputs',
  'of weight',
  'bits/weight',
  'bytes',
  'quantize',
  'multiply',
];
const WIDTHS = [4, 13, 10, 9, 11, 11, 11, 11];

function sayTable(voice: Voice, title: string, totals: readonly SchemeTotal[]): void {
  const nameOf = ({ scheme }: SchemeTotal) => `${scheme.method}${metaWords(scheme)}`;
  const width = Math.max(6, ...totals.map((total) => nameOf(total).length));
  const line = (mark: string, name: string, cells: readonly string[]) =>
    `${mark} ${name.padEnd(width)} ${cells.map((cell, i) => cell.padStart(WIDTHS[i] as number)).join(' ')}`;
  voice.say(paint(voice, 'bold', title));
  voice.say(line(' ', 'method', HEAD));
  for (const total of totals) {
    const { scheme, isOnFront, done, layers, why } = total;
    const { bits, groupSize, axis } = scheme;
    const group = axis === undefined ? `${groupSize}` : `${groupSize} ax ${axis}`;
    const cells = done === 0 ? [] : figures(total);
    const refused =
      why === undefined
        ? ''
        : `  ${done === 0 ? '' : `only ${done} of ${layers} layers: `}${plainText(why, 120)}`;
    voice.say(
      `${line(isOnFront ? '*' : ' ', nameOf(total), [String(bits), group, ...cells])}${refused}`,
    );
  }
}

function figures({
  outputError,
  weightError,
  bitsPerWeight,
  bytes,
  quantizeMs,
  multiplyMs,
}: SchemeTotal): readonly string[] {
  return [
    ...[outputError, weightError].map((error) =>
      Number.isFinite(error) ? `${(100 * error).toPrecision(3)} %` : 'not finite',
    ),
    bitsPerWeight.toFixed(2),
    String(bytes),
    ...[quantizeMs, multiplyMs].map((ms) => `${ms.toPrecision(3)} ms`),
  ];
}

import type { LeftOut } from '../../quantizer/choosing/weights-of-file.ts';
import { units } from '../messages/units.en.ts';
import { words } from '../messages/words.ts';

const layers = (count: number) => units.count(count, { one: 'layer', other: 'layers' });

/** Which quantizer to take. */
export const quantizingWords = words('quantizing', {
  title: 'Which quantizer should I take?',
  lead: 'Each method quantizes the same weights on this chip. You see what that costs: how far weights and outputs are off, how many bytes are left, and how long it takes.',
  weights: 'Weights',
  drawn: 'A small drawn block, with outliers',
  named: (name: string, size: string, count: number) => `${name}, ${size}, ${layers(count)}`,
  asTheyWere: (those: readonly LeftOut[], more: number) =>
    `Left as they are: ${units.list([
      ...those.map(({ layer, dtype, why }) => `${layer} (${why === 'type' ? dtype : why})`),
      ...(more > 0 ? [`${units.number(more)} more`] : []),
    ])}.`,
  hint: 'Drop a .safetensors file here to measure its weights; it stays on this computer.',
  choose: 'Choose a file',
  forget: 'Take drawn weights',
  noWeights: (name: string, reason: string) => `${name}: ${reason}`,
  each: 'All bits, groups and activations of each method, not only what is usual of it',
  run: 'Run',
  again: 'Run again',
  cancel: 'Cancel',
  busy: 'Something else is computing on this chip: this can run when that has ended.',
  progress: 'Progress of the measurement',
  results: 'Results',
  incomplete: 'It ended early: only what is listed was measured.',
  leftOut: (names: readonly string[]) =>
    `Every method refuses these, so the sums are without them: ${units.list(names)}.`,
  nothing: 'Nothing was measured.',
  save: 'Save report',
  csv: 'Save the table as CSV',
  saving: {
    heading: 'Save your weights',
    hint: (drawn: boolean) =>
      `As a safetensors file (by q4_0 and q8_0 a .gguf file) in the method’s own layout, which its library loads; what it does not quantize stays as it was. ${drawn ? 'These are the drawn weights: take a file to save your own.' : 'Nothing is uploaded.'}`,
    method: 'Method',
    onFront: 'on the front',
    others: 'others',
    save: 'Save weights',
    cancel: 'Cancel saving',
    progress: 'Progress of saving',
    saved: (name: string, size: string) => `Saved as ${name}, ${size}.`,
    part: (done: number, all: number) =>
      `${units.number(done)} of ${layers(all)} are quantized, the others as they were:`,
    cancelled: 'Cancelled: nothing was saved.',
    failed: 'Nothing was saved:',
  },
  show: 'Show',
  all: (count: number) => `all ${layers(count)} together`,
  table: {
    caption: 'What each scheme costs',
    hint: 'Errors are root mean squares relative to those of floats. Times are medians of three on this chip, to compare schemes and not to quote: Bench is for that. “x qint8” rounds activations to that type.',
    method: 'Method',
    bits: 'Bits',
    group: 'Group',
    outputError: 'Error of outputs',
    weightError: 'Error of weights',
    bytes: 'Bytes',
    bitsPerWeight: 'Bits a weight',
    quantizeMs: 'Quantize, ms',
    multiplyMs: 'Multiply, ms',
    front: 'on the front',
    frontHint: 'no scheme of as few bytes has a smaller error of the outputs.',
    groups: { channel: 'output', tensor: 'all', usual: 'fits each layer' },
    axis: (axis: number) => `axis ${axis}`,
    part: (done: number, all: number, why: string) =>
      `only ${units.number(done)} of ${layers(all)}: ${why}`,
    notFinite: 'what it decodes or its products are not finite: these weights are beyond its range',
  },
  figure: {
    caption: 'Error over bits',
    description: (count: number, front: string) =>
      `${units.count(count, { one: 'scheme', other: 'schemes' })} by stored bits for each weight and error of the outputs. On the front: ${front}.`,
    bits: 'bits for each weight (logarithmic)',
    error: 'error of the outputs (logarithmic)',
    onFront: 'no other of as few bytes has a smaller error',
    behind: 'another is better',
    line: 'the front',
  },
});

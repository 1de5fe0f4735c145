import { units } from '../messages/units.en.ts';
import { words } from '../messages/words.ts';

const cells = (count: number) => units.count(count, { one: 'cell', other: 'cells' });

const comparisons = (count: number) =>
  units.count(count, { one: 'comparison', other: 'comparisons' });

/** Every quantizer on every backend. */
export const matrixWords = words('matrix', {
  title: 'Every quantizer on every backend',
  lead: 'Each method quantizes, decodes, multiplies and differentiates on each backend that is here. Every number is judged by float64; what cannot be executed says why.',
  ort: 'Ask ONNX Runtime Web too, which is loaded for it (some 30 MB)',
  noOrt:
    'ONNX Runtime can be asked where npm start serves this page and npm run bench:setup has installed it.',
  run: 'Run',
  again: 'Run again',
  cancel: 'Cancel',
  busy: 'Something else is computing on this chip: this can run when that has ended.',
  progress: 'Progress of the matrix',
  results: 'Results',
  counts: (right: number, wrong: number, deviating: number, unavailable: number) =>
    `${cells(right)} right, ${units.number(wrong)} wrong, ${units.number(deviating)} where another library deviates, ${units.number(unavailable)} unavailable.`,
  incomplete: 'It ended early: what it did not reach is unavailable.',
  save: 'Save report',
  csv: 'Save the cells as CSV',
  grid: 'Methods and backends',
  hint: 'Arrows move through the grid, Enter opens a cell.',
  method: 'Method',
  directions: {
    quantize: 'quantize',
    dequantize: 'dequantize',
    product: 'product',
    gradient: 'gradient of its input',
  },
  letters: { quantize: 'q', dequantize: 'd', product: 'p', gradient: 'g' },
  verdicts: {
    pass: 'right',
    fail: 'wrong',
    'producer-deviates': 'the library deviates',
    unavailable: 'unavailable',
  },
  columns: {
    'webgpu-f32': 'WebGPU, f32',
    'webgpu-f16': 'WebGPU, f16',
    reference: 'Reference, float64',
    'ort-wasm': 'ONNX Runtime, WASM',
    'ort-webgpu': 'ONNX Runtime, WebGPU',
    'recorded-cpu': 'Recorded, CPU',
    'recorded-cuda': 'Recorded, CUDA',
    'recorded-mps': 'Recorded, MPS',
    'recorded-mlx': 'Recorded, MLX',
    bridge: 'Bridge',
  },
  of: (method: string, backend: string) => `${method} on ${backend}`,
  share: (percent: string, count: number) =>
    `worst element: ${percent} of its bound; ${comparisons(count)}`,
  exact: (count: number) => `equal, or within the rule for codes; ${comparisons(count)}`,
  csvColumns: {
    method: 'Method',
    direction: 'Direction',
    backend: 'Backend',
    verdict: 'Verdict',
    code: 'Code',
    reason: 'Reason',
    share: 'Share of the bound',
    compared: 'Compared',
  },
});

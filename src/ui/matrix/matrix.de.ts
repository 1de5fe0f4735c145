import { words as units } from '../messages/units.de.ts';
import type { matrixWords } from './matrix.en.ts';

const cells = (count: number) => units.count(count, { one: 'Zelle', other: 'Zellen' });

const comparisons = (count: number) =>
  units.count(count, { one: 'Vergleich', other: 'Vergleiche' });

export const words: ReturnType<typeof matrixWords> = {
  title: 'Jeder Quantisierer auf jedem Backend',
  lead: 'Jedes Verfahren quantisiert, dekodiert, multipliziert und leitet ab, auf jedem Backend, das hier ist. Jede Zahl wird an float64 gemessen; was nicht ausgeführt werden kann, sagt warum.',
  ort: 'Auch ONNX Runtime Web fragen, das dafür geladen wird (etwa 30 MB)',
  noOrt:
    'ONNX Runtime kann gefragt werden, wo npm start diese Seite ausliefert und npm run bench:setup es installiert hat.',
  run: 'Los',
  again: 'Noch einmal',
  cancel: 'Abbrechen',
  busy: 'Auf diesem Chip rechnet gerade etwas anderes: Danach kann es losgehen.',
  progress: 'Fortschritt der Matrix',
  results: 'Ergebnisse',
  counts: (right, wrong, deviating, unavailable) =>
    `${cells(right)} richtig, ${units.number(wrong)} falsch, ${units.number(deviating)}, in denen eine andere Bibliothek abweicht, ${units.number(unavailable)} nicht verfügbar.`,
  incomplete: 'Die Matrix endete früher: Was sie nicht erreichte, ist nicht verfügbar.',
  save: 'Bericht speichern',
  csv: 'Zellen als CSV speichern',
  grid: 'Verfahren und Backends',
  hint: 'Pfeiltasten führen durch das Gitter, die Eingabetaste öffnet eine Zelle.',
  method: 'Verfahren',
  directions: {
    quantize: 'Quantisieren',
    dequantize: 'Dekodieren',
    product: 'Produkt',
    gradient: 'Gradient der Eingabe',
  },
  letters: { quantize: 'q', dequantize: 'd', product: 'p', gradient: 'g' },
  verdicts: {
    pass: 'richtig',
    fail: 'falsch',
    'producer-deviates': 'die Bibliothek weicht ab',
    unavailable: 'nicht verfügbar',
  },
  columns: {
    'webgpu-f32': 'WebGPU mit f32',
    'webgpu-f16': 'WebGPU mit f16',
    reference: 'Referenz, float64',
    'ort-wasm': 'ONNX Runtime in WASM',
    'ort-webgpu': 'ONNX Runtime auf WebGPU',
    'recorded-cpu': 'Aufzeichnung, CPU',
    'recorded-cuda': 'Aufzeichnung, CUDA',
    'recorded-mps': 'Aufzeichnung, MPS',
    'recorded-mlx': 'Aufzeichnung, MLX',
    bridge: 'Brücke',
  },
  of: (method, backend) => `${method} auf ${backend}`,
  share: (percent, count) =>
    `schlechtestes Element: ${percent} seiner Schranke; ${comparisons(count)}`,
  exact: (count) => `gleich oder nach der Regel für Codes; ${comparisons(count)}`,
  csvColumns: {
    method: 'Verfahren',
    direction: 'Richtung',
    backend: 'Spalte',
    verdict: 'Urteil',
    code: 'Kennung',
    reason: 'Grund',
    share: 'Anteil der Schranke',
    compared: 'Verglichen',
  },
};

import { CONTENDERS } from '../../bench/contender.ts';
import { BENCH_LIMITS } from '../../bench/options.ts';
import { words as units } from '../messages/units.de.ts';
import type { benchWords } from './bench.en.ts';

const works = (count: number) => units.count(count, { one: 'Aufgabe', other: 'Aufgaben' });

function noneFound(elsewhere: number): string {
  return elsewhere === 0
    ? 'Keine Aufgabe hat diese Wörter im Namen.'
    : `Keine Aufgabe des kurzen Blicks hat diese Wörter im Namen, von allen aber ${units.number(elsewhere)}.`;
}

export const words: ReturnType<typeof benchWords> = {
  title: 'Wie schnell, neben anderen Bibliotheken?',
  lead: 'Produkte, Aufmerksamkeit, Faltungen und ganze Trainingsschritte, von dieser Maschine und von Bibliotheken, die auch im Browser rechnen, reihum auf demselben Chip. Jede muss richtig rechnen, bevor ihre Zeit genommen wird.',
  extent: 'Wie viel',
  extents: {
    quick: { name: 'Ein kurzer Blick', what: 'Von einigen Arten ein Teil, in etwa zwei Minuten.' },
    full: {
      name: 'Alles',
      what: 'Alle Größen und Operationen: Auf einem Prozessor dauert das Stunden.',
    },
  },
  filter: 'Nur Aufgaben mit diesen Wörtern',
  filterHint: (selected, all, elsewhere) =>
    selected === undefined
      ? ''
      : selected === 0
        ? noneFound(elsewhere)
        : `${units.number(selected)} von ${works(all)}.`,
  peers: 'Neben wem',
  peersMissing: (names) => `Nicht installiert: ${units.list(names)}. Das installiert und baut sie:`,
  nowhere:
    'Ein Tempovergleich braucht die Seite, die npm start auf dem eigenen Rechner ausliefert.',
  more: 'Aufwärmen, Stichproben und Einstellungen',
  numbers: {
    warmUp: 'Läufe, bevor die Zeit genommen wird',
    samples: 'Gemessene Serien von jedem',
  },
  usual: { warmUp: 'meist 1 oder 2', samples: 'so viele wie nötig' },
  numberWrong: (name) => {
    const [least, most] = BENCH_LIMITS[name];
    return `Eine ganze Zahl von ${units.number(least)} bis ${units.number(most)}, oder nichts.`;
  },
  settings: 'Nur Einstellungen mit diesen Texten, je Teilnehmer',
  settingsWrong: `Teilnehmer=Text, etwa webgpu=eager, mit Leerzeichen dazwischen. Teilnehmer: ${CONTENDERS.join(', ')}.`,
  measured:
    'Erst drei Sekunden messen, welche unserer Kernel hier am schnellsten sind, und diese nehmen',
  variants: 'Auch die Varianten unserer Kernel messen, die hier nicht gewählt werden',
  run: 'Messen',
  again: 'Noch einmal messen',
  cancel: 'Abbrechen',
  cancelling: 'Wird abgebrochen…',
  elsewhere: 'Der Tempovergleich hat eine eigene Seite, deren Richtlinie Bibliotheken laden lässt:',
  openPage: 'Seite des Tempovergleichs öffnen',
  busy: 'Auf diesem Chip rechnet gerade etwas anderes: Gemessen werden kann, wenn das fertig ist.',
  progress: 'Fortschritt des Tempovergleichs',
  open: 'Gespeicherten Bericht öffnen',
  noBench: (file) =>
    `${file} ist kein Bericht eines Tempovergleichs: zum Vergleichen auf der Seite ablegen.`,
  results: 'Ergebnisse',
  fromFile: (file) => `Aus der Datei ${file}.`,
  incomplete: 'Abgebrochen: Gemessen ist nur, was hier steht.',
  nothing: 'Nichts wurde gemessen.',
  processor:
    'Ein Prozessor rechnet anstelle eines Grafikchips: Nur Verhältnisse auf einem Rechner zählen, und WebAssembly ist schneller als jeder Shader.',
  save: 'Bericht speichern',
  compare: 'Vergleichen…',
  group: 'Zeige',
  all: 'alles',
  groups: {
    products: 'Produkte',
    'transposed products': 'transponierte Produkte',
    'odd products': 'Produkte krummer Größen',
    '4-bit products': '4-Bit-Produkte',
    'products by format': 'Produkte nach dem Format der Gewichte',
    attention: 'Aufmerksamkeit',
    convolution: 'Faltungen',
    optimizers: 'Optimierer',
    rows: 'Zeilen',
    streams: 'Ströme',
    steps: 'Trainingsschritte',
    halves: 'halbe Genauigkeit',
    'fine-tuning': 'Feinabstimmung',
    generation: 'Schreiben',
    checkpoints: 'Sicherungspunkte',
    growth: 'wachsende Größen',
    ops: 'andere Operationen',
    ceilings: 'Obergrenzen',
    other: 'aus einer anderen Fassung',
  },
  ours: 'Gradproof (wir)',
  ceiling: 'Obergrenze',
  ceilings: 'Obergrenzen für sich',
  works,
  table: {
    caption: 'Millisekunden, Mediane',
    hint: 'Das Verhältnis ist die Zeit der schnellsten Bibliothek auf dem WebGPU dieses Chips durch unsere: Über 1 sind wir schneller. Der Anteil ist der eines Kernels, der nur rechnet oder nur dieselben Bytes bewegt.',
    coarser: '~ galt eine gröbere Schranke, wie die Bibliothek es von ihrer Einstellung angibt.',
    loops: 'Klein: mit der Schleife, die die Dokumentation der Bibliothek zeigt.',
    loop: (name) => `${name}, dokumentierte Schleife`,
    setting: (name) => `${name}, Einstellung`,
    settings: 'Zeigen, in welcher Einstellung gemessen wurde',
    ceilings: 'Obergrenzen: Millisekunden, Mediane',
    work: 'Aufgabe',
    ratio: 'Verhältnis',
    share: 'Der Obergrenze',
    ofFloats: 'Von float32',
    ofFloatsHint:
      'Von float32: unsere Zeit durch unsere für dieselbe Arbeit in float32, wo beides gemessen wurde.',
    mean: (mean, count) => `geometrisches Mittel von ${units.number(count)}: ${mean}`,
    csv: 'Tabelle als CSV speichern',
  },
  variantTable: {
    caption: 'Unsere Varianten, Millisekunden',
    hint: (bad, all) =>
      `In ${units.number(bad)} von ${works(all)} braucht die gewählte Variante über 10\u202f% länger als eine andere.`,
    columns: ['Aufgabe', 'Gewählt', 'Andere', 'Durch die schnellste andere'],
  },
  stepCosts: {
    caption: 'Was unsere Schritte neben ihrer Zeit kosten',
    hint: 'Rechner: sein eigener Code, der auf jedem Chip anfällt. Wiederholt: einmal aufgezeichnet, dann wiederholt. Aktivierungen sind, was der Vorwärtslauf für den Rückwärtslauf aufhebt.',
    columns: [
      'Schritt',
      'Rechner, ms',
      'je Befehl, µs',
      'Wiederholt, ms',
      'je Befehl, µs',
      'Höchstens zugleich',
      'Aktivierungen',
      'Von float32',
    ],
  },
  leftOut: 'Was nicht gemessen wurde, und warum',
  ratios: {
    caption: 'Neben der schnellsten Bibliothek',
    description: (faster, all) =>
      `${works(all)}, in denen auch eine Bibliothek gemessen wurde; in ${units.number(faster)} davon sind wir schneller.`,
    faster: 'wir sind schneller',
    slower: 'die Bibliothek ist schneller',
    axis: 'ihre Zeit ÷ unsere (logarithmisch)',
    columns: ['Aufgabe', 'Schnellste Bibliothek', 'Ihre Zeit, ms', 'Unsere, ms', 'Verhältnis'],
    times: (ratio) => `${ratio}×`,
  },
  roofline: {
    caption: 'Was jede Aufgabe begrenzt',
    description: (points, roofs) =>
      `${units.count(points, { one: 'Zeit', other: 'Zeiten' })} nach Rechenschritten je Byte und Tempo. Die Dächer sind, was Kernel in diesem Lauf erreichten, die nichts anderes tun: ${units.list(roofs)}.`,
    noFlatRoof: 'Kein Kernel wurde gemessen, der nur rechnet: Es gibt kein flaches Dach.',
    noSlope: 'Kein Kernel wurde gemessen, der nur kopiert: Es gibt keine Schräge.',
    peers: 'Bibliotheken',
    roof: 'was Kernel hier erreichten, die nichts anderes tun',
    columns: [
      'Aufgabe',
      'Wer',
      'Rechenschritte je Byte',
      'Median, ms',
      'Von, ms',
      'Bis, ms',
      'GFLOP/s',
      'GB/s',
    ],
  },
  growth: {
    title: 'Wie Zeiten wachsen',
    caption: (of) => `Zeit nach Größe: ${of}`,
    description: (curves) => `Zeiten nach Größe: ${units.list(curves)}.`,
    curve: (name, exponent) =>
      exponent ? `${name}: Die Zeit wächst wie die Größe hoch ${exponent}` : name,
    size: 'Größe (logarithmisch)',
    time: 'Millisekunden (logarithmisch)',
    exponent: 'Exponent',
    column: (name) => `${name}, ms`,
  },
};

import { words as units } from '../messages/units.de.ts';
import type { quantizingWords } from './quantizing.en.ts';

const layers = (count: number) => units.count(count, { one: 'Schicht', other: 'Schichten' });

export const words: ReturnType<typeof quantizingWords> = {
  title: 'Welchen Quantisierer nehmen?',
  lead: 'Jedes Verfahren quantisiert dieselben Gewichte auf diesem Chip. Zu sehen ist, was das kostet: wie weit Gewichte und Ausgaben danebenliegen, wie viele Bytes bleiben und wie lange es dauert.',
  weights: 'Gewichte',
  drawn: 'Ein kleiner ausgeloster Block, mit Ausreißern',
  named: (name, size, count) => `${name}, ${size}, ${layers(count)}`,
  asTheyWere: (those, more) => {
    const why = { embeddings: 'Einbettungen', head: 'Kopf', empty: 'leer' };
    return `Es bleiben, wie sie sind: ${units.list([
      ...those.map((one) => `${one.layer} (${one.why === 'type' ? one.dtype : why[one.why]})`),
      ...(more > 0 ? [`${units.number(more)} weitere`] : []),
    ])}.`;
  },
  hint: 'Eine .safetensors-Datei hier loslassen, um ihre Gewichte zu messen; sie bleibt auf diesem Rechner.',
  choose: 'Datei wählen',
  forget: 'Ausgeloste Gewichte nehmen',
  noWeights: (name, reason) => `${name}: ${reason}`,
  each: 'Alle Bits, Gruppen und Aktivierungen jedes Verfahrens, nicht nur die üblichen',
  run: 'Los',
  again: 'Noch einmal',
  cancel: 'Abbrechen',
  busy: 'Auf diesem Chip rechnet gerade etwas anderes: Danach kann gemessen werden.',
  progress: 'Fortschritt der Messung',
  results: 'Ergebnisse',
  incomplete: 'Die Messung endete früher: Nur was hier steht, wurde gemessen.',
  leftOut: (names) =>
    `Diese lehnt jedes Verfahren ab, die Summen sind ohne sie: ${units.list(names)}.`,
  nothing: 'Es wurde nichts gemessen.',
  save: 'Bericht speichern',
  csv: 'Tabelle als CSV speichern',
  saving: {
    heading: 'Gewichte speichern',
    hint: (drawn) =>
      `Als safetensors-Datei (mit q4_0 und q8_0 als .gguf-Datei) in der Anordnung, die die Bibliothek des Verfahrens lädt; was es nicht quantisiert, bleibt, wie es war. ${drawn ? 'Das sind die ausgelosten Gewichte: Für eigene eine Datei nehmen.' : 'Nichts wird hochgeladen.'}`,
    method: 'Verfahren',
    onFront: 'auf der Front',
    others: 'andere',
    save: 'Gewichte speichern',
    cancel: 'Speichern abbrechen',
    progress: 'Fortschritt des Speicherns',
    saved: (name, size) => `Gespeichert als ${name}, ${size}.`,
    part: (done, all) =>
      `${units.number(done)} von ${layers(all)} quantisiert, die anderen wie sie waren:`,
    cancelled: 'Abgebrochen: Es wurde nichts gespeichert.',
    failed: 'Es wurde nichts gespeichert:',
  },
  show: 'Zeigen',
  all: (count) => `alle ${layers(count)} zusammen`,
  table: {
    caption: 'Was jedes Verfahren kostet',
    hint: 'Fehler sind quadratische Mittel, bezogen auf die der Gleitkommazahlen. Zeiten sind Mediane aus dreien auf diesem Chip, zum Vergleichen und nicht zum Zitieren: Dafür ist „Tempo“ da. „x qint8“ rundet Aktivierungen auf diesen Typ.',
    method: 'Verfahren',
    bits: 'Bit',
    group: 'Gruppe',
    outputError: 'Fehler der Ausgaben',
    weightError: 'Fehler der Gewichte',
    bytes: 'Byte',
    bitsPerWeight: 'Bit je Gewicht',
    quantizeMs: 'Quantisieren, ms',
    multiplyMs: 'Multiplizieren, ms',
    front: 'auf der Front',
    frontHint: 'Keines mit so wenigen Bytes hat einen kleineren Fehler der Ausgaben.',
    groups: { channel: 'Ausgabe', tensor: 'alle', usual: 'passend je Schicht' },
    axis: (axis) => `Achse ${axis}`,
    part: (done, all, why) => `nur ${units.number(done)} von ${layers(all)}: ${why}`,
    notFinite:
      'Dekodiertes oder Produkte sind nicht endlich: diese Gewichte liegen außerhalb seines Bereichs',
  },
  figure: {
    caption: 'Fehler über Bits',
    description: (count, front) =>
      `${units.count(count, { one: 'Verfahren', other: 'Verfahren' })} nach gespeicherten Bits je Gewicht und Fehler der Ausgaben. Auf der Front: ${front}.`,
    bits: 'Bit je Gewicht (logarithmisch)',
    error: 'Fehler der Ausgaben (logarithmisch)',
    onFront: 'kein anderes mit so wenigen Bytes hat einen kleineren Fehler',
    behind: 'ein anderes ist besser',
    line: 'die Front',
  },
};

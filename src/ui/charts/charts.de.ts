import { words as units } from '../messages/units.de.ts';
import type { chartsWords } from './charts.en.ts';

export const words: ReturnType<typeof chartsWords> = {
  table: 'Dasselbe als Tabelle',
  save: (caption) => `Abbildung speichern: ${caption}`,
  firstRows: (shown, all) =>
    `Die ersten ${units.number(shown)} von ${units.number(all)} Zeilen; die CSV-Datei enthält alle.`,
  curve: {
    step: 'Schritt',
    empty: (caption) => `${caption}: noch nichts`,
    last: (caption, value, step) => `${caption}: ${value} bei Schritt ${units.number(step)}`,
  },
  speed: { caption: 'Tempo: wie lange ein Schritt dauert', unit: 'Millisekunden je Schritt' },
  memory: {
    caption: 'Speicher in Gebrauch',
    unit: 'Byte',
    forecast: 'die Vorhersage, eine obere Schätzung',
  },
  noPictures: 'Es gibt noch nichts zu zeichnen: erst die Prüfungen laufen lassen.',
  accuracy: {
    caption: 'Fehler als Anteil dessen, was ein richtiger Chip irren darf',
    description: (cases, wrong, exact, largest) =>
      `${units.count(cases, { one: 'Prüfung', other: 'Prüfungen' })} mit Schranke, der größte Fehler bei ${largest || 'keinem Anteil'} davon, ${units.number(wrong)} darüber; bei ${units.number(exact)} weiteren musste alles gleich sein, ihr Fehler ist null.`,
    right: 'Prüfungen, mehr, wo es höher ist (logarithmisch)',
    bound: 'die Schranke',
    wrong: 'über der Schranke: falsch',
    axis: 'Anteil an der Schranke',
    bin: (count) => units.count(count, { one: 'Prüfung', other: 'Prüfungen' }),
    columns: {
      id: 'Prüfung',
      share: 'Anteil an der Schranke',
      error: 'Größter Fehler',
      status: 'Ergebnis',
    },
  },
  roofline: {
    caption: 'Roofline: was jede Operation begrenzt',
    description: (ops, rate, bandwidth) =>
      `${units.number(ops)} Operationen nach Rechnungen je Byte und Tempo. Die Dächer sind die höchsten hier erreichten Werte: ${rate} GFLOP/s und ${bandwidth} GB/s.`,
    op: 'eine Operation, Median, mit der Spanne ihrer Zeiten',
    roof: 'die höchsten hier erreichten Werte',
    intensity: 'Rechnungen je Byte',
    rate: 'Milliarden Rechnungen pro Sekunde',
    columns: [
      ...['Operation', 'Rechnungen', 'Byte', 'Rechnungen je Byte', 'Median, ms', 'Schnellste, ms'],
      ...['Langsamste, ms', 'GFLOP/s', 'GB/s'],
    ],
  },
  shares: {
    caption: 'Tempo als Anteil dessen, was die Dächer erlauben',
    description: (shares) => `Tempo nach Anteil an den Dächern: ${units.list(shares)}.`,
    share: 'Anteil am Dach, Median',
    interval: 'schnellste und langsamste Zeit',
    axis: 'Anteil am Dach',
    columns: ['Operation', 'Anteil', 'langsamstens', 'schnellstens'],
  },
  pairs: {
    description: (rows, faster, second) =>
      `${units.count(rows, { one: 'Zeile', other: 'Zeilen' })} mit je zwei Zeiten; in ${units.number(faster)} davon ist die zweite kürzer (${second}).`,
    axis: 'Millisekunden (logarithmisch)',
    columns: {
      name: 'Was',
      times: (side) => [`${side}: Median in ms`, `${side}: von, in ms`, `${side}: bis, in ms`],
    },
    results: { caption: 'Tempo beider Ergebnisse', spread: 'worin die Zeit liegt' },
    device: {
      caption: (device) => `Tempo neben ${device}`,
      theirs: 'die Bibliothek, nach ihrer eigenen Uhr',
      ours: 'unseres, mit dem Weg zum Chip und zurück',
      spread:
        'von der schnellsten bis zur langsamsten Prüfung; je ein Aufruf, also nur ein Anhaltspunkt',
    },
  },
  twoLosses: {
    caption: 'Verluste beider Läufe',
    description: (first, second) => `Verluste der Läufe „${first}“ und „${second}“`,
    loss: (run) => `${run}: Verlust`,
    heldout: (run) => `${run}: Verlust auf Ungesehenem`,
  },
  loss: {
    empty: 'Verlustkurve, noch leer',
    step: 'Schritt',
    per: {
      byte: {
        caption: 'Verlust beim nächsten Byte',
        unit: 'Nats pro Byte',
        description: (from, first, to, last) =>
          `Verlustkurve: von ${from} bei Schritt ${first} bis ${to} Nats pro Byte bei Schritt ${last}`,
      },
      token: {
        caption: 'Verlust beim nächsten Token',
        unit: 'Nats pro Token',
        description: (from, first, to, last) =>
          `Verlustkurve: von ${from} bei Schritt ${first} bis ${to} Nats pro Token bei Schritt ${last}`,
      },
    },
    training: 'Verlust auf dem Text',
    heldout: 'Verlust auf dem Teil, den es nie sieht',
    unigram: 'Buchstabenhäufigkeiten allein',
    marks: {
      checkpoint: 'Sicherungspunkt',
      refused: 'kein Sicherungspunkt',
      resumed: 'von einem Sicherungspunkt fortgesetzt',
      lost: 'unterbrochen',
      skipped: 'ausgelassener Schritt',
      wentBack: 'zurück zu einem Sicherungspunkt',
    },
    columns: { step: 'Schritt', loss: 'Verlust', heldout: 'Verlust auf Ungesehenem' },
  },
};

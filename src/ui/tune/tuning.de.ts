import { words as units } from '../messages/units.de.ts';
import type { tuningWords } from './tuning.en.ts';

const { number, bytes, count } = units;
const steps = (n: number) => count(n, { one: 'Schritt', other: 'Schritten' });
const texts = (n: number) => count(n, { one: 'Text', other: 'Texte' });
const lines = (n: number) => count(n, { one: 'Zeile', other: 'Zeilen' });
const tokens = (n: number) => count(n, { one: 'Token', other: 'Tokens' });

export const words: ReturnType<typeof tuningWords> = {
  setup: 'Daten und Einstellungen',
  folder: {
    heading: 'Ordner oder Datei des Modells',
    none: 'Noch ist kein Modell gewählt',
    named: (name, files, size) =>
      `${name}: ${count(files, { one: 'Datei', other: 'Dateien' })}, ${bytes(size)}`,
    hint: 'config.json, safetensors und tokenizer.json, wie save_pretrained sie schreibt: Llama, Qwen2, Qwen3 oder Mistral; oder eine GGUF-Datei von llama.cpp. Oder zieh eins davon auf die Seite. Es wird hier gelesen, Schicht für Schicht, und nirgendwohin geschickt.',
    choose: 'Ordner wählen',
    chooseFile: 'GGUF-Datei wählen',
    small: 'Das kleine Modell von Gradproof',
  },
  data: {
    heading: 'Daten',
    own: 'Geschichten aus einer Raumstation, von diesem Projekt',
    named: (name, size) => `${name}, ${bytes(size)}`,
    hint: 'Oder eine eigene Datei: reiner Text, oder Datensätze in JSON mit Gesprächen, Anweisungen oder Texten. Zieh sie einfach auf die Seite.',
    choose: 'Datei mit Daten wählen',
    forget: 'Die Geschichten nehmen',
    read: (n, format) => `${texts(n)} (${format})`,
    dropped: (n) => `${texts(n)} ausgelassen: In ihren ersten Tokens ist nichts gefragt`,
  },
  adapter: {
    heading: 'Adapter, bei dem es weitergeht',
    none: 'Keiner: Ein neuer wird angelegt',
    named: (name, size) => `${name}, ${bytes(size)}`,
    hint: 'adapter_model.safetensors und adapter_config.json, wie diese Seite oder PEFT sie für dieses Modell gespeichert hat: Wähle beide, oder zieh sie auf die Seite. Sein Rang und seine Schichten bleiben, wie sie sind.',
    choose: 'Seine Dateien wählen',
    forget: 'Einen neuen anlegen',
    onReference:
      'Ohne WebGPU geht es bei keinem Adapter weiter: Lade die Seite neu, um ihn wegzulassen.',
  },
  seen: {
    heading: (n) =>
      n === 1
        ? 'Ein Text, wie das Modell ihn sieht'
        : `Die ersten ${number(n)} Texte, wie das Modell sie sieht`,
    legend: 'Unterstrichen: was es zu sagen lernt. Umrahmt: Tokens, die kein Text sind.',
    facts: (all, asked) => `${tokens(all)}, davon ${number(asked)} gefragt`,
    cut: 'das Ende ist abgeschnitten: Er ist länger als die Länge unten',
    more: (n) => `… und ${tokens(n)} mehr`,
  },
  settings: {
    heading: 'Einstellungen',
    fields: {
      type: 'Art',
      max_steps: 'Schritte',
      'lora.r': 'Rang',
      learning_rate: 'Lernrate',
      max_length: 'Länge in Tokens',
    },
    usual: 'üblich',
    more: 'Alle Einstellungen',
    moreLead:
      'Mit den Namen von transformers und PEFT. Die Kommandozeile nimmt dieselbe Datei: train --model … --config settings.json',
    choose: 'Datei mit Einstellungen wählen',
    save: 'Diese Einstellungen speichern',
    reset: 'Die üblichen Einstellungen',
    repair: 'Weglassen, was nicht geht',
    named: (name) => `Aus ${name}`,
  },
  reading: 'Gelesen wird, was gewählt ist …',
  readingTexts: (done, of) =>
    `Aus den Daten werden Tokens: ${number(done)} von ${count(of, { one: 'Datensatz', other: 'Datensätzen' })} …`,
  forecast: {
    total: (size) => `Braucht nach Rechnung höchstens etwa ${bytes(size)} Grafikspeicher.`,
    parts: 'In Teilen',
    frozen: 'das Modell, wie es ist',
    trained: 'was trainiert wird, mit Gradienten und Optimierer',
    step: 'ein Schritt, wenn er am größten ist',
    largest: (name, size) => `Das größte Stück ist ${name}: ${bytes(size)}.`,
    limit: (size) => `Dieser Adapter bindet ${bytes(size)} auf einmal.`,
  },
  starts: {
    summary: (model, type, of, made, size) =>
      `${model} lernt ${texts(of)} in ${steps(made)} von ${type}, mit etwa ${bytes(size)} Grafikspeicher.`,
    onReference: (model, type, of, made) =>
      `${model} lernt ${texts(of)} in ${steps(made)} von ${type}, auf der Referenz.`,
    overwrites:
      'Alle Gewichte ändern sich: Vom ersten Schritt an antwortet es, wie es ist, und nicht mehr, wie es war.',
    nothing: 'Zuerst muss ein Modell gewählt werden.',
    faulty: 'Was oben markiert ist, passt noch nicht zusammen.',
  },
  reference:
    'Hier gibt es kein WebGPU. Trainiert wird also auf der Referenz: mit doppelter Genauigkeit, auf einem Kern des Prozessors, und das ist langsam. Sie trainiert full, lora und qlora, ohne Dropout und Packing; das Modell kann nicht gefragt werden, und wird der Tab geschlossen, ist der Lauf zu Ende.',
  start: 'Starten',
  again: 'Noch einmal',
  pause: 'Unterbrechen',
  pausing: 'Wird unterbrochen …',
  goOn: 'Weiter',
  stop: 'Beenden und behalten',
  stopping: 'Wird beendet …',
  pausedAt: (step) => `Unterbrochen nach ${steps(step)}. Man kann das Modell inzwischen fragen.`,
  loading: 'Das Modell wird geladen …',
  examining: 'Der erste Schritt wird Op für Op nachgerechnet, mit doppelter Genauigkeit …',
  progress: 'Fortschritt des Nachtrainierens',
  busy: 'Etwas anderes rechnet: sein Ende abwarten, damit keines das andere bremst.',
  subject: (model, data) => `${model}, auf: ${data}`,
  sending: ({ sink, lost, end }) => {
    if (!end)
      return lost === undefined
        ? `Sein Protokoll geht an ${sink}.`
        : `${sink} nimmt sein Protokoll jetzt nicht: ${lost}. Was fehlt, wird später geschickt.`;
    return end.sent === end.rows
      ? `${sink} hat sein Protokoll: ${lines(end.rows)}.`
      : `${sink} hat ${number(end.sent)} von ${lines(end.rows)} seines Protokolls: Speichere es als Datei.`;
  },
  figures: {
    label: 'In Zahlen',
    texts: 'Texte, und zurückgehaltene',
    both: (learnt, heldout) => `${number(learnt)} + ${number(heldout)}`,
    trainable: 'Trainierte Parameter',
    frozen: 'Eingefrorene Parameter',
    loss: 'Verlust',
    heldout: 'Verlust auf Ungesehenem',
    memory: 'Speicher, bisher höchstens',
    pace: 'Tokens pro Sekunde',
    judged: 'Nachgerechnete Schritte',
    none: '…',
  },
  charts: {
    learningRate: { caption: 'Lernrate', unit: 'Lernrate' },
    gradNorm: { caption: 'Norm der Gradienten, vor dem Kappen', unit: 'Norm' },
    pace: { caption: 'Tempo', unit: 'Tokens pro Sekunde' },
  },
  verdict: {
    learnt: 'Es hat gelernt.',
    learntSlowly: 'Es hat gelernt, auf einem Prozessor.',
    learntOnReference: 'Es hat gelernt, auf der Referenz, ohne WebGPU.',
    stopped: (step) => `Beendet nach ${steps(step)}; was trainiert ist, ist da.`,
    stoppedEarly: 'Beendet vor dem ersten Schritt.',
    tooShort: 'Zu wenige Schritte für eine Antwort.',
    broke: 'Der Lauf ging nicht aus, wie er sollte.',
    fell: (before, after) =>
      `Auf Texten, die es nie gesehen hat, ging der Verlust von ${before} auf ${after} Nats pro Token.`,
    judged: (n) =>
      n === 1
        ? '1 Schritt wurde mit doppelter Genauigkeit nachgerechnet und stimmte.'
        : `${number(n)} Schritte wurden mit doppelter Genauigkeit nachgerechnet und stimmten.`,
  },
  files: {
    heading: 'Was dabei herauskam, als Dateien',
    adapter: 'Beide zusammen sind ein Adapter, wie PEFT ihn ablegt.',
    weights: 'Gewichte, wie transformers sie ablegt.',
    save: (name, size) => `${name} speichern (${bytes(size)})`,
    log: 'Protokoll speichern (JSON-Zeilen)',
    logCsv: 'Protokoll speichern (CSV)',
    trace: 'Aufzeichnung speichern (für Perfetto)',
    report: 'Bericht speichern',
    bothEnd:
      'Bericht und Aufzeichnung entstehen, wenn das Gespräch mit dem Modell endet: Speichern beendet es.',
    reportEnds:
      'Der Bericht wird geschrieben, wenn das Gespräch mit dem Modell endet: Ihn zu speichern beendet es.',
  },
};

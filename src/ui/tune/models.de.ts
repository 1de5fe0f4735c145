import type { modelsWords } from './models.en.ts';

export const words: ReturnType<typeof modelsWords> = {
  title: 'Ein Modell nachtrainieren',
  lead: 'Es lernt die eigenen Daten auf der GPU dieses Rechners, und man sieht, wie sein Text sich ändert.',
  stays: ({ sink, models }) =>
    sink
      ? `Nichts verlässt diesen Rechner, außer dem Protokoll eines Laufs an ${sink}, wo so gewählt${models ? `; ein Modell, das du holst, kommt von ${models}` : ''}.`
      : models
        ? `Nichts von dir verlässt diesen Rechner; ein Modell, das du holst, kommt von ${models}.`
        : 'Nichts verlässt diesen Rechner.',
  legend: 'Modell',
  kinds: {
    small: {
      name: 'Das kleine Modell von Gradproof',
      what: '1,3 Millionen Parameter in 4 Bits, ein Megabyte; es erzählt Geschichten aus einem Wald.',
    },
    folder: {
      name: 'Ein eigener Ordner',
      what: 'Llama, Qwen2, Qwen3 oder Mistral, wie die Bibliotheken von Hugging Face sie ablegen, oder eine GGUF-Datei; von hier oder von einem Server.',
    },
    bytes: {
      name: 'Bytes eines beliebigen Textes',
      what: 'Ein neu gemachtes Modell, das Byte für Byte lernt, wie ein Text geschrieben ist.',
    },
  },
};

import type { baselinesWords } from './baselines.en.ts';

export const words: ReturnType<typeof baselinesWords> = {
  gallery: 'Vergleichsläufe',
  galleryLead:
    'Echte Läufe, die mit dieser Seite kommen, jeder von einem Befehl gemacht. Der eigene Lauf lässt sich mit dem vergleichen, der dem eigenen Rechner am nächsten kommt.',
  noBaselines: 'Mit dieser Seite kommt kein Vergleichslauf.',
  noBaseline: (name) => `Den Vergleichslauf ${name} gibt es nicht: bitte einen anderen wählen.`,
  notLoaded: (file) =>
    `${file} lässt sich nicht laden: Läuft der Server der Seite noch? Dann noch einmal versuchen.`,
  tryAgain: 'Noch einmal versuchen',
  madeOn: (day, version) => `${day}, Gradproof ${version}`,
  madeBy: 'Gemacht mit',
  compareLatest: 'Meinen letzten Lauf damit vergleichen',
};

import type { helpWords } from './help.en.ts';

export const words: ReturnType<typeof helpWords> = {
  title: 'Tastatur',
  close: 'Schließen',
  single: 'Kürzel mit nur einer Taste',
  singleHint: 'Beim Tippen tun sie nichts; die Wahl hier bleibt erhalten.',
  groups: (views) => [
    {
      name: 'Überall',
      keys: [
        [['?'], 'diese Übersicht öffnen'],
        ...views,
        [['Tab', 'Umschalt + Tab'], 'zum nächsten Bedienelement oder zurück'],
        [['Enter', 'Leertaste'], 'das Bedienelement auslösen'],
        [['Esc'], 'schließen, was offen ist'],
      ],
    },
    {
      name: 'Beim Prüfen',
      keys: [
        [['R'], 'starten oder anhalten'],
        [['D'], 'Einzelheiten auf- oder zuklappen'],
        [['/'], 'zum Feld, das Prüfungen auswählt'],
        [['C'], 'Link kopieren'],
        [['M'], 'das Tempo messen'],
      ],
    },
    {
      name: 'In der Liste der Prüfungen',
      keys: [
        [['↑', '↓'], 'zur Zeile darüber oder darunter'],
        [['→', '←'], 'einen Zweig auf- oder zuklappen; hinein oder heraus'],
        [['Pos1', 'Ende'], 'zur ersten Zeile oder zur letzten'],
        [['Bild ↑', 'Bild ↓'], 'eine Bildschirmhöhe weiter'],
        [['A … Z'], 'zur nächsten Zeile, die so beginnt'],
        [['*'], 'alle Zweige daneben aufklappen'],
        [['Enter', 'Leertaste'], 'zeigen, was hinter der Zeile steht'],
        [['Strg + Enter'], 'die Zeile laufen lassen'],
      ],
    },
    {
      name: 'Beim Nachtrainieren',
      keys: [
        [['R'], 'starten oder beenden'],
        [['P'], 'unterbrechen oder weitermachen'],
      ],
    },
  ],
};

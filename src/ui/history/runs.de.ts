import { words as units } from '../messages/units.de.ts';
import type { runsWords } from './runs.en.ts';

const { count, number, bytes } = units;

const runs = (amount: number) => count(amount, { one: 'Lauf', other: 'Läufe' });

export const words: ReturnType<typeof runsWords> = {
  runs: 'Läufe auf diesem Gerät',
  runsLead: (limit, size) =>
    `Jeder Lauf dieser Seite wird hier behalten, sobald er endet, und nirgends sonst. Behalten werden höchstens ${number(limit)} Läufe oder ${bytes(size)}; die ältesten gehen zuerst.`,
  notLasting:
    'Dieser Browser behält nicht jeden Lauf dieser Seite (ein privates Fenster, oder sein Speicher ist gesperrt oder voll): Was er ablehnt, bleibt, bis die Seite geschlossen wird. Was gebraucht wird, bitte speichern.',
  noRuns: 'Noch ist kein Lauf behalten.',
  makeRun: 'Diesen Rechner prüfen',
  size: (amount, size) => `${runs(amount)}, ${bytes(size)}`,
  saveRun: 'Bericht speichern',
  remove: 'Löschen',
  removed: (when) => `Der Lauf vom ${when} ist gelöscht.`,
  removeAll: 'Alle löschen …',
  confirmAll: (amount) => `${runs(amount)} endgültig löschen?`,
  confirm: 'Löschen',
  cancel: 'Behalten',
  exportAll: 'Alle ausgeben',
  importRuns: 'Läufe oder Berichte aufnehmen',
  imported: (taken, known, tooOld) =>
    `${[
      `${count(taken, { one: 'Lauf ist', other: 'Läufe sind' })} aufgenommen`,
      ...(known > 0 ? [`${number(known)} ${known === 1 ? 'war' : 'waren'} schon hier`] : []),
      ...(tooOld > 0
        ? [`${number(tooOld)} ${tooOld === 1 ? 'ist' : 'sind'} älter als alles, wofür Platz ist`]
        : []),
    ].join(', ')}.`,
  bench: 'Tempovergleich',
  runOf: (when) => `Lauf vom ${when}`,
};

import { words as units } from '../messages/units.de.ts';
import type { arithmeticWords } from './arithmetic.en.ts';

const LOST = 'Die Schranken gewähren dafür 2^-126 je Rechnung. Nichts Größeres ist betroffen.';
const SOUGHT = 'Sie werden in dem gesucht, was eine Berechnung bekommt.';
const UNSEEN = 'Nur der Host findet sie in dem, was er hochlädt.';
const CLAMPED = 'Die Kernel begrenzen vor dem Packen, also hängt kein Urteil davon ab.';

const probe: ReturnType<typeof arithmeticWords>['words'] = {
  arithmetic: {
    rounding: {
      name: 'Runden von Summen',
      values: {
        nearest: [
          'zur nächsten Zahl',
          'Die Schranken erlauben das Doppelte dieses Fehlers. Wird auch genau geteilt, müssen Ergebnisse zudem nahe am dafür Üblichen bleiben.',
        ],
        truncating: [
          'zur Null hin',
          'Erlaubt und innerhalb der Schranken. Fehler summieren sich schneller als üblich; keine Prüfung scheitert daran.',
        ],
        other: [
          'zu einem der Nachbarn',
          'Erlaubt und innerhalb der Schranken. Fehler können größer sein als üblich; keine Prüfung scheitert daran.',
        ],
      },
    },
    denormals: {
      name: 'Zahlen unter 2^-126',
      values: {
        kept: ['bleiben', 'Die Schranken erlauben ihren Verlust, also hängt nichts davon ab.'],
        'flushed-in': ['gelten als 0', LOST],
        'flushed-out': ['kommen als 0 heraus', LOST],
        flushed: ['werden 0', LOST],
      },
    },
    contraction: {
      name: 'a·b + c',
      values: {
        fused: [
          'einmal gerundet',
          'Die Schranken gelten so oder so. Letzte Stellen können von Chips abweichen, die zweimal runden.',
        ],
        none: [
          'zweimal gerundet',
          'Die Schranken gelten so oder so. Letzte Stellen können von Chips abweichen, die einmal runden.',
        ],
      },
    },
    exactDivision: {
      name: 'Teilen',
      values: {
        true: [
          'genau: die nächste Zahl',
          'Die Schranken erlauben trotzdem 2,5 Einheiten der letzten Stelle.',
        ],
        false: [
          'nicht immer die nächste Zahl',
          'Die Schranken erlauben 2,5 Einheiten der letzten Stelle. Ergebnisse müssen nicht nahe am Üblichen bleiben.',
        ],
      },
    },
    exactSqrt: {
      name: 'Quadratwurzel',
      values: {
        true: [
          'genau: die nächste Zahl',
          'Die Schranken erlauben mehr, also hängt nichts davon ab.',
        ],
        false: [
          'nicht immer die nächste Zahl',
          'Die Schranken gewähren, was WGSL einer Quadratwurzel erlaubt.',
        ],
      },
    },
    keepsInfNaN: {
      name: 'Unendlich und NaN',
      values: {
        true: ['bleiben', 'Ein Überlauf zeigt sich als das, was er ist.'],
        false: [
          'bleiben nicht',
          'Ein Überlauf kann als beliebige Zahl herauskommen und fällt auf, wo sie jenseits der Schranke liegt.',
        ],
      },
    },
    pack2x16float: {
      name: 'Packen in 16 Bit',
      values: {
        nearest: [
          'zur nächsten Zahl, bei Gleichstand zur geraden',
          'Die Schranken erlauben jeden der Nachbarn.',
        ],
        other: ['zu einem der Nachbarn', 'Erlaubt: Die Schranken gewähren jeden der Nachbarn.'],
      },
    },
    pack2x16floatOverflow: {
      name: 'Packen, was 16 Bit nicht fassen',
      values: {
        infinity: ['ergibt Unendlich', CLAMPED],
        clamped: ['ergibt die größte Zahl', CLAMPED],
        garbage: ['ergibt Unsinn', CLAMPED],
      },
    },
    passesDenormals: {
      name: 'Was Zahlen unter 2^-126 erhält',
      values: {
        all: ['Kopie, · 1 und + 0', 'Die Schranken erlauben ihren Verlust.'],
        'copy, product': ['Kopie und · 1', 'Die Schranken erlauben ihren Verlust in einer Summe.'],
        'copy, sum': ['Kopie und + 0', 'Die Schranken erlauben ihren Verlust in einem Produkt.'],
        copy: ['nur eine Kopie', 'Die Schranken erlauben ihren Verlust beim Rechnen.'],
        none: ['nichts', 'Die Schranken erlauben ihren Verlust.'],
        other: ['nicht einmal eine Kopie', 'Die Schranken erlauben ihren Verlust.'],
      },
    },
    passesNonFinite: {
      name: 'Was Unendlich und NaN erhält',
      values: {
        all: ['Kopie, · 1 und + 0', 'Sie fallen an ihren Bits auf, woher sie auch kommen.'],
        'copy, product': ['Kopie und · 1', SOUGHT],
        'copy, sum': ['Kopie und + 0', SOUGHT],
        copy: ['nur eine Kopie', SOUGHT],
        none: ['nichts', UNSEEN],
        other: ['nicht einmal eine Kopie', UNSEEN],
      },
    },
    comparesNaN: {
      name: 'x != x für NaN',
      values: {
        true: ['wahr', 'Die Kernel sehen auf die Bits, also hängt kein Urteil davon ab.'],
        false: ['falsch', 'Die Kernel sehen auf die Bits, also hängt kein Urteil davon ab.'],
      },
    },
    quads: {
      name: 'Bahnen einer Vierergruppe',
      values: {
        neighbours: ['folgen aufeinander', 'Die schnellen Produkte, die Geladenes teilen, laufen.'],
        scattered: [
          'folgen nicht aufeinander',
          'Die schnellen Produkte mit Subgruppen sind aus. Langsamere Kernel berechnen dasselbe.',
        ],
        none: ['nicht da', 'Hier gibt es keine Subgruppen: Langsamere Kernel berechnen dasselbe.'],
      },
    },
  },
  overflow: {
    name: '1e38 · 1e38',
    bits: (hex) => [`hat die Bits ${hex}`, 'Ein Überlauf fällt an den Bits auf.'],
  },
  subgroups: {
    name: 'Subgruppen',
    size: (lanes) => [
      `${units.number(lanes)} Bahnen`,
      'Kernel, die sie benutzen, laufen und werden für sich beurteilt.',
    ],
    none: ['keine', 'Kernel, die sie benutzen, werden übersprungen; andere berechnen dasselbe.'],
  },
  clock: {
    name: 'Uhr des Chips',
    step: (ns) => [
      ns < 1000
        ? `Schritte von ${units.number(ns)}\u202fns`
        : `Schritte von ${units.number(ns / 1000, { maximumSignificantDigits: 3 })}\u202fµs`,
      'Genauer sind Zeiten nicht. Kein Urteil hängt an einer Zeit.',
    ],
    none: ['keine', 'Zeiten werden von außen genommen. Kein Urteil hängt an einer Zeit.'],
  },
};

export const words: ReturnType<typeof arithmeticWords> = {
  title: 'Wie dieser Chip rechnet',
  caption: 'Durch Rechnen gefunden, vor der ersten Prüfung.',
  what: 'Was',
  here: 'Hier',
  means: 'Für die Urteile',
  words: probe,
};

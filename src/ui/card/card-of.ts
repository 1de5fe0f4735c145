import type { Card } from '../../report/card.ts';
import { mosaicOf, squareOf } from '../../report/mosaic.ts';
import { browserWords } from '../../report/place.ts';
import { plainText } from '../../report/plain-text.ts';
import type { Report } from '../../report/schema.ts';
import { isStandard, settingsOf } from '../../report/settings.ts';
import { needsOf } from '../../sheet/needs.ts';
import { PRESETS } from '../../sheet/presets.ts';
import { memoryFacts, roomFor } from '../../sheet/room.ts';
import { DEFAULT_SETUP } from '../../sheet/setup.ts';
import type { Subject } from '../app/subject.ts';
import { answer, factsOfReport } from '../check/answer.ts';
import { adapterWords } from '../check/words.ts';
import { unitsWords } from '../messages/units.en.ts';
import { shareWords } from '../share/share.en.ts';
import { sheetWords } from '../sheet/sheet.en.ts';
import { cardWords as words } from './card.en.ts';

/** Longer names are cut, so that a line holds all: of a computer and its chip, or of a chip alone. */
const MOST_CHARACTERS = { device: 24, its: 28, alone: 44 } as const;

/** What a card may say beyond the report. */
export interface CardFacts {
  /** What the person calls the computer. */
  readonly device?: string;
  /** `navigator.deviceMemory` of the computer that made the report, in GiB. */
  readonly memoryGiB?: number;
}

/** What the card of a report says, in the language of the page. */
export function cardOf(report: Report, { device = '', memoryGiB }: CardFacts): Card {
  const { tone, headline } = answer(factsOfReport(report, subjectOf(report)));
  const day = unitsWords().day(report.run.startedAt.slice(0, 10));
  return {
    tone,
    headline,
    machine: machineWords(report, device),
    day,
    ...(isStandard(settingsOf(report)) ? {} : { note: shareWords().notStandard }),
    checks: {
      title: words().checks(report.results.length),
      families: mosaicOf(report.results.map(squareOf)),
    },
    ...(subjectOf(report) === 'plan' ? { forecast: forecastOf(report, memoryGiB) } : {}),
  };
}

/** What a report is of; only a replay has cases of recordings alone. */
function subjectOf({ kind, results }: Report): Subject {
  if (kind === 'train') return 'trainings';
  const replayed = results.length > 0 && results.every(({ suite }) => suite.startsWith('parity.'));
  return replayed ? 'recordings' : 'plan';
}

/** "ThinkPad T14 · Apple M2 through Metal · Chromium 156" */
function machineWords({ environments }: Report, device: string): string {
  const [environment] = environments;
  if (!environment) return device;
  const { adapter, os, runtime, runtimeVersion } = environment;
  const more = environments.length - 1;
  return [
    plainText(device, MOST_CHARACTERS.device),
    plainText(adapterWords(adapter, os), MOST_CHARACTERS[device ? 'its' : 'alone']),
    browserWords(runtime, runtimeVersion),
    more > 0 ? words().more(more) : '',
  ]
    .filter(Boolean)
    .join(' · ');
}

/** Some of the published models: as many as a card has room for. */
const SIZES = ['0.5B', '1B', '3B', '8B', '14B', '32B'];

/** What they take by the usual setup. */
function forecastOf(
  { environments }: Report,
  memoryGiB: number | undefined,
): NonNullable<Card['forecast']> {
  const { rooms, title } = sheetWords();
  const { bytes } = unitsWords();
  const memory = memoryFacts(environments[0]?.limits ?? {}, memoryGiB);
  const models = PRESETS.filter(({ size }) => SIZES.includes(size));
  const needs = models.map(({ size, architecture }) => {
    const { total } = needsOf(architecture, DEFAULT_SETUP);
    return { size, total, room: roomFor(total, memory) };
  });
  const known = needs.some(({ room }) => room !== 'unknown');
  return {
    title: known ? title : words().takes,
    sizes: needs.map(({ size, total, room }) => ({
      size,
      memory: bytes(total),
      ...(known ? { room: { kind: room, words: rooms[room] } } : {}),
    })),
  };
}

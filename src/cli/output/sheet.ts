import { metaWords } from '../../quantizer/choosing/meta-words.ts';
import { counted } from '../../report/counted.ts';
import { plainText } from '../../report/plain-text.ts';
import { splitWords } from '../../sheet/columns.ts';
import type { MemoryFacts, Room } from '../../sheet/room.ts';
import type { Setup } from '../../sheet/setup.ts';
import type { SheetRow } from '../../sheet/sheet.ts';
import type { Speed } from '../../sheet/speed.ts';
import { paint, type Voice } from './voice.ts';

/** What the sheet was reckoned with. */
interface SheetBasis {
  readonly setup: Setup;
  readonly memory: MemoryFacts;
  readonly speed: Speed | undefined;
  readonly adapter: string | undefined;
}

const ROOMS: Readonly<Record<Room, string>> = {
  fits: 'fits',
  tight: 'barely',
  'too-large': 'too large',
  unknown: 'not known',
};

const headOf = ({ expansion }: Setup): readonly string[] => [
  'parameters',
  'weights',
  expansion > 0 ? 'new' : 'adapters',
  'grads+optim',
  'checkpointed',
  'kept whole',
  'total',
  'room here',
];
const WIDTHS = [10, 9, 9, 11, 12, 10, 9, 9];

/** Prints the sheet as a table, a model a line, and what it rests on. */
export function showSheet(voice: Voice, rows: readonly SheetRow[], basis: SheetBasis): void {
  const { setup, speed } = basis;
  const { method, rank, expansion, context, batch, optimizer, checkpointing, examples } = setup;
  voice.say(
    `${plainText(method, 40)}${metaWords(setup)}, ${expansion > 0 ? `blocks added by ${expansion}` : `LoRA of rank ${rank}`}, ${batch} x ${context} tokens a step, ${optimizer}, checkpointing ${checkpointing ? 'on' : 'off'}`,
  );
  const width = Math.max(...rows.map((row) => nameOf(row).length));
  const line = (name: string, cells: readonly string[], rest = '') =>
    `${name.padEnd(width)} ${cells.map((cell, i) => cell.padStart(WIDTHS[i] as number)).join(' ')}  ${rest}`.trimEnd();
  voice.say('');
  voice.say(
    paint(voice, 'bold', line('model', headOf(setup), speed ? `${examples} examples` : '')),
  );
  for (const row of rows) {
    const { refusal, splits = [], seconds } = row;
    const notes = [
      ...(seconds ? [seconds.map(duration).join(' to ')] : []),
      ...(refusal === undefined ? [] : [plainText(refusal, 120)]),
      ...(splits.length > 0 ? [`split: ${splitWords(splits)}`] : []),
      ...(setup.context > row.context ? [`made for ${counted(row.context, 'token')}`] : []),
    ];
    voice.say(line(nameOf(row), figures(row), notes.join('; ')));
  }
  voice.say('');
  for (const each of basisLines(basis)) voice.say(each);
}

/** The model of `--config`. */
export const OWN = 'your model';

const nameOf = ({ name = OWN }: SheetRow) => name;

function figures({ parameters, needs, room }: SheetRow): readonly string[] {
  const count = `${(parameters / 1e9).toPrecision(4)} B`;
  if (!needs || !room) return [count];
  const { weights, adapters, optimizer, activations, total } = needs;
  const bytes = [weights, adapters, optimizer, activations.checkpointed, activations.whole, total];
  return [count, ...bytes.map(size), ROOMS[room]];
}

const size = (bytes: number): string =>
  bytes >= 1e9 ? `${(bytes / 1e9).toFixed(2)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;

const UNITS = [
  [365.25 * 86_400, 'years'],
  [86_400, 'days'],
  [3600, 'h'],
  [60, 'min'],
] as const;

function duration(seconds: number): string {
  const [unit, name] = UNITS.find(([least]) => seconds >= 2 * least) ?? [1, 's'];
  return `${Number((seconds / unit).toPrecision(2))} ${name}`;
}

function basisLines({ memory, speed, adapter }: SheetBasis): readonly string[] {
  const { told, device = 0, largestBinding, largestBuffer } = memory;
  const gigabytes = (bytes: number) => `${Number((bytes / 2 ** 30).toPrecision(4))} GiB`;
  return [
    'Memory is calculated from shapes, as the engine would hold it: linears by the method, embeddings and head in 16 bits, the rest in 32.',
    told === undefined
      ? `Room is judged by this computer's main memory, ${gigabytes(device)}: a chip without its own may take half. --memory GIB names the chip's.`
      : `Room is judged by the ${gigabytes(told)} of --memory.`,
    largestBinding && largestBuffer
      ? `One binding may hold ${gigabytes(largestBinding)}, one buffer ${gigabytes(largestBuffer)}, on ${adapter ?? 'this adapter'}: what is larger is split.`
      : 'No adapter is here, so its limits are not known: npm start -- doctor says why.',
    speed
      ? `Time is the calculated work by the speed of ${counted(speed.cases, 'product')} with 4-bit weights that the report timed: ${rate(speed.slowest)} to ${rate(speed.fastest)} billion operations a second. All else is taken as equally fast, decoding, reading and starting are left out: a real run may take longer.`
      : "Time is told with --speed FILE, a report of --tier full --filter 'speed.*' --report FILE.",
  ];
}

const rate = (flopsPerSecond: number): string => `${Number((flopsPerSecond / 1e9).toPrecision(2))}`;

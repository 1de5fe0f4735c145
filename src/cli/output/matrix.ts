import type { Extent } from '../../harness/matrix/cells.ts';
import type { Cell, CellVerdict } from '../../quantizer/matrix/cell.ts';
import { DIRECTIONS } from '../../quantizer/matrix/directions.ts';
import { counted } from '../../report/counted.ts';
import { plainText } from '../../report/plain-text.ts';
import type { Report } from '../../report/schema.ts';
import { paint, type Voice } from './voice.ts';

/** What stands for a direction that passed; the others have marks of their own. */
const LETTERS = { quantize: 'q', dequantize: 'd', product: 'p', gradient: 'g' } as const;
const MARKS: Readonly<Record<Exclude<CellVerdict, 'pass'>, string>> = {
  fail: 'X',
  'producer-deviates': '!',
  unavailable: '.',
};

/** A table of methods and columns, what is wrong, and why cells are unavailable. */
export function showMatrix(
  voice: Voice,
  { methods, columns }: Extent,
  cells: readonly Cell[],
  { run, summary }: Report,
): void {
  const of = new Map(cells.map((cell) => [keyOf(cell), cell]));
  const executed = columns.filter((column) =>
    cells.some(({ backend, verdict }) => backend === column && verdict !== 'unavailable'),
  );
  const width = Math.max(...methods.map(({ length }) => length));
  const widths = executed.map((column) => Math.max(DIRECTIONS.length, column.length));
  const line = (name: string, texts: readonly string[]) =>
    `${name.padEnd(width)}  ${texts.map((text, i) => text.padEnd(widths[i] as number)).join('  ')}`.trimEnd();
  voice.say(paint(voice, 'bold', line('method', executed)));
  for (const method of methods)
    voice.say(
      line(
        method,
        executed.map((backend) =>
          DIRECTIONS.map((direction) => markOf(of.get(keyOf({ method, direction, backend })))).join(
            '',
          ),
        ),
      ),
    );
  voice.say('');
  voice.say(
    'q quantize, d dequantize, p product, g gradient of its input; X wrong, ! the library is outside the bound of the oracle, . unavailable',
  );
  sayWrong(voice, cells);
  sayUnavailable(voice, cells);
  sayMost(voice, cells);
  if (!run.complete) voice.say(paint(voice, 'yellow', 'Only a part was executed.'));
  const { passed, failed, skipped } = summary;
  const seconds = (run.durationMs / 1000).toFixed(1);
  voice.say(
    `${counted(passed, 'cell')} right, ${failed} wrong, ${skipped} unavailable in ${seconds} s`,
  );
}

const keyOf = ({ method, direction, backend }: Pick<Cell, 'method' | 'direction' | 'backend'>) =>
  `${method} ${direction} ${backend}`;

function markOf(cell: Cell | undefined): string {
  if (!cell) return MARKS.unavailable;
  return cell.verdict === 'pass' ? LETTERS[cell.direction] : MARKS[cell.verdict];
}

function sayWrong(voice: Voice, cells: readonly Cell[]): void {
  for (const { method, direction, backend, verdict, why } of cells) {
    if (verdict !== 'fail' && verdict !== 'producer-deviates') continue;
    const head = paint(voice, verdict === 'fail' ? 'red' : 'yellow', verdict);
    const words = plainText(`${why?.code}: ${why?.message}`, 300);
    voice.say(`${head}  ${direction} of ${method} on ${backend}: ${words}`);
  }
}

/** Each reason once, with its columns and how many cells it is of, the most first. */
function sayUnavailable(voice: Voice, cells: readonly Cell[]): void {
  const reasons = new Map<string, string[]>();
  for (const { backend, verdict, why } of cells) {
    if (verdict !== 'unavailable' || !why) continue;
    const reason = `${why.code}: ${plainText(why.message, 200)}`;
    reasons.set(reason, [...(reasons.get(reason) ?? []), backend]);
  }
  if (reasons.size === 0) return;
  voice.say('unavailable:');
  const sorted = [...reasons].toSorted(([, a], [, b]) => b.length - a.length);
  for (const [reason, backends] of sorted) {
    const names = [...new Set(backends)].join(', ');
    voice.say(`  ${String(backends.length).padStart(3)}  ${names}: ${reason}`);
  }
}

/** By column the cell whose worst element used most of its bound. */
function sayMost(voice: Voice, cells: readonly Cell[]): void {
  const most = new Map<string, Cell>();
  for (const cell of cells) {
    if (cell.verdict !== 'pass') continue;
    const before = most.get(cell.backend);
    if (!before || shareOf(cell) > shareOf(before)) most.set(cell.backend, cell);
  }
  if (most.size === 0) return;
  voice.say('largest share of a bound that an element used:');
  for (const [backend, cell] of most)
    voice.say(
      `  ${(100 * shareOf(cell)).toFixed(1).padStart(5)} %  ${backend}: ${cell.direction} of ${cell.method}`,
    );
}

const shareOf = ({ accuracy }: Cell): number => accuracy?.boundUsed ?? 0;

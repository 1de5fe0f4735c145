import type { StepCost } from '../../bench/step-costs.ts';
import { unitsWords } from '../messages/units.en.ts';
import { benchWords } from './bench.en.ts';
import type { WorksTableContent } from './works-table.ts';

/** What training steps cost on the host and in memory. */
export function stepCostsContent(rows: readonly StepCost[]): WorksTableContent {
  return { ...benchWords().stepCosts, lines: rows.map(lineOf) };
}

function lineOf({
  id,
  eager,
  captured,
  peakBytes,
  activationBytes,
  activationsOfFloats,
}: StepCost) {
  const { number, bytes } = unitsWords();
  const figures = [eager.ms, eager.usPerCommand, captured.ms, captured.usPerCommand];
  const told = (x: number | undefined, words: (x: number) => string) =>
    x === undefined ? '–' : words(x);
  const cells = [
    ...figures.map((x) => told(x, (ms) => number(ms, { maximumSignificantDigits: 3 }))),
    ...[peakBytes, activationBytes].map((x) => told(x, bytes)),
    told(activationsOfFloats, (share) => number(share, { maximumFractionDigits: 2 })),
  ];
  return { id, cells };
}

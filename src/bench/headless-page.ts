import { type Outcome, outcomeOf } from '../harness/headless/outcome.ts';
import type { Cell } from '../quantizer/matrix/cell.ts';
import type { Report } from '../report/schema.ts';
import { foreignInFrame, runInFrame } from './frame-link.ts';
import type { BenchEvent } from './host.ts';
import type { ForeignOutcome, ForeignRequest } from './matrix/request.ts';
import type { BenchRequest } from './request.ts';

/** What the page offers to the process that drives its browser. */
export interface BenchPage {
  run(request: BenchRequest): Promise<Outcome<Report>>;
  /** Asks other libraries for their cells of the matrix. */
  foreign(request: ForeignRequest): Promise<Outcome<ForeignOutcome>>;
  /** Ends what is going on; its report is then partial. */
  cancel(): void;
}

/** What that process offers to the page. */
export interface BenchDriver {
  readonly emitBench: (event: BenchEvent) => Promise<void>;
  readonly emitCell: (cell: Cell) => Promise<void>;
}

const cancelled = new AbortController();
const driver = globalThis as unknown as BenchDriver;

const page: BenchPage = {
  run: (request) => {
    const listen = (event: BenchEvent) => void driver.emitBench(event);
    return outcomeOf(() => runInFrame(request, listen, cancelled.signal));
  },
  foreign: (request) => {
    const listen = (cell: Cell) => void driver.emitCell(cell);
    return outcomeOf(() => foreignInFrame(request, listen, cancelled.signal));
  },
  cancel: () => cancelled.abort(),
};

Object.assign(globalThis, { gradproofBench: page });

import type { CaseResult } from '../../report/schema.ts';

/** How a test ended that covers rows of the catalog, whatever ran it. */
export interface TestOutcome {
  readonly file: string;
  readonly title: string;
  readonly status: Extract<CaseResult['status'], 'pass' | 'fail' | 'skip' | 'timeout'>;
  readonly durationMs: number;
  readonly attempts: number;
  /** Expectations that held. */
  readonly assertions: number;
  /** What servers of it were asked, as method and path. */
  readonly endpoints?: readonly string[];
  /** Why it was skipped or failed. */
  readonly reason?: string;
  /** One of its expectations did not hold, and that ended it. */
  readonly asserted?: boolean;
}

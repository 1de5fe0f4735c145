import type { Row } from './options.ts';
import rows from './rows.json' with { type: 'json' };

/**
 * The rows of the covering array, made by the test beside it: `npx vitest run suites/train/covering-array -u`
 * after a change of the options.
 */
export const ROWS = rows as readonly Row[];

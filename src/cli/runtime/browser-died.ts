import { UnusableError } from '../../harness/runner.ts';

/** The tab or the browser went away while it was needed. */
export class BrowserDiedError extends UnusableError {}

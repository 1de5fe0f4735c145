import { GradproofError } from '../../errors.ts';

/** No worker could get a device. */
export class UnusableError extends GradproofError {}

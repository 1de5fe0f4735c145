import { GradproofError } from '../../src/errors.ts';

/** A library that could not start here. */
export class NoBackendError extends GradproofError {}

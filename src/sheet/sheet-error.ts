import { GradproofError } from '../errors.ts';

/** A config.json that does not describe a model of the sheet. */
export class SheetError extends GradproofError {
  constructor(message: string) {
    super('model-config', message);
  }
}

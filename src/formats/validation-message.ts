import * as v from 'valibot';
import { messageOf } from '../errors.ts';

/** What is wrong with a file, in one line; of what is not valid by a schema, with the first field. */
export const validationMessage = (error: unknown): string =>
  v.isValiError(error) ? `${v.getDotPath(error.issues[0])}: ${messageOf(error)}` : messageOf(error);

import { InvariantError, messageOf } from '../errors.ts';
import type { Contender, ContenderName } from './contender.ts';

/** The code of a library that could not be opened, in the results of every work. */
export const NOT_OPENED = 'not-opened';

/** The contender that a library could not be opened as: it fails in every work, and says why. */
export function unopened(name: ContenderName, error: unknown): Contender {
  const [why] = messageOf(error).split('\n'); // libraries tell stacks of their own
  return {
    name,
    unopened: { code: NOT_OPENED, message: `could not be opened: ${why}` },
    settingsFor: () => ({ reason: 'it could not be opened' }),
    prepare: async () => {
      throw new InvariantError(`${name} could not be opened`);
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

/** What `open` gives, or in its place the contender that could not be opened. */
export async function openedOr(
  name: ContenderName,
  open: () => Promise<Contender>,
): Promise<Contender> {
  try {
    return await open();
  } catch (error) {
    return unopened(name, error);
  }
}

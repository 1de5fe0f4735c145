import { GradproofError } from '../../errors.ts';

/** The process that opened this page cannot do what was asked. */
class OpenerError extends GradproofError {
  constructor(message: string) {
    super('opener', message);
  }
}

/**
 * Asks the process that opened this page, by a path of its server. Throws an error that says what it
 * said where it cannot.
 */
export async function askOpener(
  method: string,
  path: string,
  body?: Uint8Array<ArrayBuffer>,
): Promise<Response> {
  const response = await fetch(path, { method, cache: 'no-store', ...(body ? { body } : {}) });
  if (response.ok) return response;
  throw new OpenerError((await response.text()) || `it answers ${response.status}`);
}

import { messageOf } from '../../errors.ts';
import { BridgeError } from './error.ts';

/**
 * The body of a response, no longer than `most` bytes and as long as it claims to be: a body that
 * is cut off may end without an error. Throws {@link BridgeError} with code `bridge-too-large` or
 * `bridge-closed`.
 */
export async function readBounded(
  response: Response,
  most: number,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const claimed = response.headers.get('content-length');
  if (claimed !== null && Number(claimed) > most) {
    await response.body?.cancel();
    throw tooLarge(most);
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    const reader = response.body?.getReader();
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
      chunks.push(part.value);
      length += part.value.byteLength;
      if (length > most) {
        await reader?.cancel();
        throw tooLarge(most);
      }
    }
  } catch (cause) {
    if (signal.aborted || cause instanceof BridgeError) throw cause;
    throw closed(`after ${length} bytes (${messageOf(cause)})`, cause);
  }
  if (claimed !== null && Number(claimed) !== length)
    throw closed(`after ${length} of ${claimed} bytes`);
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}

function tooLarge(most: number): BridgeError {
  return new BridgeError(
    'bridge-too-large',
    `the bridge answered with more than ${most} bytes: the rest was not read`,
  );
}

function closed(where: string, cause?: unknown): BridgeError {
  return new BridgeError(
    'bridge-closed',
    `the bridge closed the connection ${where}: see what it printed, and whether it still runs`,
    {
      cause,
    },
  );
}

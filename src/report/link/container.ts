import { sha256Digest } from '../../formats/sha256.ts';
import { collect, concat } from '../collect.ts';
import { damaged, LinkError, tooLong } from './error.ts';

/**
 * What is around the payload of every link, in every version:
 * `version (1 byte), checksum (6 bytes), deflated payload`, in base64url. The checksum is the start
 * of the SHA-256 of the version and the deflated bytes, so that nothing is inflated, and no version
 * believed, before it holds.
 */

/** The version that this build writes; raised when the payload's layout changes. */
export const LINK_VERSION = 3;

const CHECKSUM_BYTES = 6;
/**
 * Browsers and messengers pass fragments of this length; a link of 300 cases has under 1,500
 * characters.
 */
const MAX_CHARACTERS = 32_768;
/** Bound of what a link may inflate to: some 100,000 cases. */
const MAX_PAYLOAD_BYTES = 2 ** 18;

/** Makes the fragment of a payload. Throws {@link LinkError} `link-too-long`. */
export async function seal(payload: Uint8Array<ArrayBuffer>): Promise<string> {
  if (payload.length > MAX_PAYLOAD_BYTES) throw tooLong(`${payload.length} bytes`);
  const stream = new Blob([payload]).stream().pipeThrough(new CompressionStream('deflate-raw'));
  const fragment = await frame(await collect(stream, MAX_PAYLOAD_BYTES, inflated), LINK_VERSION);
  if (fragment.length > MAX_CHARACTERS) throw tooLong(`${fragment.length} characters`);
  return fragment;
}

/** Puts version and checksum before deflated bytes. */
export async function frame(deflated: Uint8Array<ArrayBuffer>, version: number): Promise<string> {
  return toBase64url(
    concat([Uint8Array.of(version), await checksumOf(version, deflated), deflated]),
  );
}

/** What was in a link, and the version that says how to read it. */
export interface Unsealed {
  readonly version: number;
  readonly payload: Uint8Array<ArrayBuffer>;
}

/**
 * Gives the payload of a fragment, with or without its leading `#`. Every byte is hostile. Throws
 * {@link LinkError}.
 */
export async function unseal(fragment: string): Promise<Unsealed> {
  if (fragment.length > MAX_CHARACTERS + 1) {
    throw new LinkError(
      'link-too-long',
      `this link has ${fragment.length} characters, the limit is ${MAX_CHARACTERS}: copy it again`,
    );
  }
  const bytes = fromBase64url(fragment.replace(/^#/, ''));
  const version = bytes[0] as number;
  const checksum = bytes.subarray(1, 1 + CHECKSUM_BYTES);
  const deflated = bytes.slice(1 + CHECKSUM_BYTES);
  const expected = await checksumOf(version, deflated);
  if (checksum.length < CHECKSUM_BYTES || checksum.some((byte, i) => byte !== expected[i]))
    throw damaged('its checksum is wrong');
  if (version > LINK_VERSION) {
    throw new LinkError(
      'link-too-new',
      `this link is of version ${version}, this page knows ${LINK_VERSION}: open it with a newer Gradproof`,
    );
  }
  if (version < 1) throw damaged('it has no version');
  try {
    const stream = new Blob([deflated])
      .stream()
      .pipeThrough(new DecompressionStream('deflate-raw'));
    return { version, payload: await collect(stream, MAX_PAYLOAD_BYTES, inflated) };
  } catch (thrown) {
    throw thrown instanceof LinkError ? thrown : damaged('it does not unpack', thrown);
  }
}

const inflated = () => damaged(`it unpacks to more than ${MAX_PAYLOAD_BYTES} bytes`);

async function checksumOf(
  version: number,
  deflated: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const digest = await sha256Digest(concat([Uint8Array.of(version), deflated]));
  return digest.subarray(0, CHECKSUM_BYTES);
}

function toBase64url(bytes: Uint8Array): string {
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** Refuses whatever {@link toBase64url} would not write, so that a result has one link. */
function fromBase64url(text: string): Uint8Array<ArrayBuffer> {
  if (!/^[\w-]+$/.test(text) || text.length % 4 === 1)
    throw damaged('it has characters that no link has, or too few');
  const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) =>
    c.charCodeAt(0),
  );
  if (toBase64url(bytes) !== text) throw damaged('its last character is wrong');
  return bytes;
}

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { frame, LINK_VERSION, seal, unseal } from './container.ts';
import { LinkError } from './error.ts';

/**
 * The code of what unsealing throws; undefined when it does not. Anything but a LinkError of one
 * line fails.
 */
async function refusal(fragment: string): Promise<string | undefined> {
  try {
    await unseal(fragment);
    return undefined;
  } catch (error) {
    if (!(error instanceof LinkError)) throw error;
    expect(error.message).toMatch(/^this link [^\n]+$/);
    return error.code;
  }
}

const payload = fc.uint8Array({ maxLength: 2000 }).map((bytes) => new Uint8Array(bytes));

test('any payload comes back, with and without the #', async () => {
  await fc.assert(
    fc.asyncProperty(payload, async (bytes) => {
      const fragment = await seal(bytes);
      expect(fragment).toMatch(/^[\w-]+$/);
      expect(await unseal(fragment)).toEqual({ version: LINK_VERSION, payload: bytes });
      expect((await unseal(`#${fragment}`)).payload).toEqual(bytes);
    }),
  );
});

test('a link of this build says in its first byte that it is of the third version', async () => {
  const fragment = await seal(Uint8Array.of(7));
  expect(atob(fragment.slice(0, 4).replaceAll('-', '+').replaceAll('_', '/')).charCodeAt(0)).toBe(
    3,
  );
});

test('every changed, missing or added character is noticed', async () => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  await fc.assert(
    fc.asyncProperty(
      payload,
      fc.nat(),
      fc.constantFrom(...alphabet),
      async (bytes, position, character) => {
        const fragment = await seal(bytes);
        const at = position % fragment.length;
        const changed = fragment.slice(0, at) + character + fragment.slice(at + 1);
        if (changed !== fragment) expect(await refusal(changed)).toBe('link-damaged');
        expect(await refusal(fragment.slice(0, at))).toBe('link-damaged');
        expect(await refusal(fragment + character)).toBe('link-damaged');
      },
    ),
  );
});

test('any text is refused', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), fc.base64String()), async (text) => {
      expect(await refusal(text)).toBe('link-damaged');
    }),
  );
});

async function deflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(
    await new Response(
      new Blob([bytes]).stream().pipeThrough(new CompressionStream('deflate-raw')),
    ).arrayBuffer(),
  );
}

test('a link of a later version says so, but only if it is whole', async () => {
  const later = await frame(await deflate(Uint8Array.of(1, 2, 3)), LINK_VERSION + 1);
  expect(await refusal(later)).toBe('link-too-new');
  expect(await refusal(later.slice(0, -2))).toBe('link-damaged');
  expect(await refusal(await frame(await deflate(Uint8Array.of(1)), 0))).toBe('link-damaged');
});

test('bytes that were never deflated are refused even with a right checksum, or are a payload', async () => {
  await fc.assert(
    fc.asyncProperty(payload, async (bytes) => {
      expect(['link-damaged', undefined]).toContain(
        await refusal(await frame(bytes, LINK_VERSION)),
      );
    }),
  );
});

test('a payload of 262,144 bytes fits, and a link of 32,768 characters is read', async () => {
  const zeros = new Uint8Array(2 ** 18);
  expect((await unseal(await seal(zeros))).payload).toEqual(zeros);
  // Noise does not get shorter: a byte more of it is a byte more of its link.
  let state = 1;
  const noise = Uint8Array.from({ length: 24_576 }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return state >> 8;
  });
  let longest = '';
  let refused: unknown;
  for (let length = 24_500; refused === undefined; length++)
    await seal(noise.slice(0, length)).then(
      (fragment) => {
        longest = fragment;
      },
      (error) => {
        refused = error;
      },
    );
  expect(longest).toHaveLength(32_768);
  expect((await unseal(`#${longest}`)).payload).toEqual(
    noise.slice(0, (await unseal(longest)).payload.length),
  );
  // 24,577 bytes are 32,770 characters without padding.
  expect(refused).toMatchObject({
    code: 'link-too-long',
    message: expect.stringContaining('(32770 characters)'),
  });
  expect(await refusal('A'.repeat(32_769))).toBe('link-damaged');
  expect(await refusal('A'.repeat(32_770))).toBe('link-too-long');
});

test('bits of the last character that mean nothing are 0', async () => {
  // 8 bytes are 64 bits, 11 characters hold 66.
  const fragment = await frame(new Uint8Array(1), LINK_VERSION);
  expect(fragment).toHaveLength(11);
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const last = alphabet[alphabet.indexOf(fragment.at(-1) as string) + 1];
  await expect(unseal(fragment.slice(0, -1) + last)).rejects.toThrow('its last character is wrong');
});

test('a small link that inflates without bound is stopped, a long one is not read', async () => {
  const bomb = await frame(await deflate(new Uint8Array(16 * 2 ** 20)), LINK_VERSION);
  expect(bomb.length).toBeLessThan(32_768);
  await expect(unseal(bomb)).rejects.toThrow(/unpacks to more than 262144 bytes/);
  await expect(unseal('A'.repeat(100_000))).rejects.toThrow(
    expect.objectContaining({ code: 'link-too-long' }),
  );
  await expect(seal(new Uint8Array(2 ** 18 + 1))).rejects.toThrow(
    expect.objectContaining({ code: 'link-too-long' }),
  );
});

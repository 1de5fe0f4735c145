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

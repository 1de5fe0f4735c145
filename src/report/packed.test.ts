import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ReportError } from './error.ts';
import { RUN, reportsOfAllKinds } from './fixtures/reports.ts';
import { isPacked, pack, readPacked, unpack } from './packed.ts';
import { MAX_REPORT_BYTES } from './read.ts';
import { writeReport } from './write.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);

test('a report is read packed or not', async () => {
  for (const report of [RUN, ...(await reportsOfAllKinds())]) {
    const packed = await pack(writeReport(report));
    expect(isPacked(packed)).toBe(true);
    expect(await readPacked(packed, 'a.json.gz')).toEqual(report);
    expect(await readPacked(bytesOf(writeReport(report)), 'a.json')).toEqual(report);
  }
});

test('what begins with both bytes of a gzip is packed', () => {
  expect(isPacked(Uint8Array.of(0x1f, 0x8b, 8))).toBe(true);
  expect(isPacked(Uint8Array.of(0x1f, 0x20))).toBe(false);
  expect(isPacked(Uint8Array.of(0x20, 0x8b))).toBe(false);
  expect(isPacked(new Uint8Array(0))).toBe(false);
});

test('without another limit it is what a report may hold', async () => {
  const bomb = await pack(' '.repeat(MAX_REPORT_BYTES + 1));
  await expect(unpack(bomb, 'a.gz')).rejects.toThrow('unpacks to more than 67108864 bytes');
});

test('a small file that unpacks to more than a report may hold is refused', async () => {
  const bomb = await pack(' '.repeat(100_000));
  expect(bomb.length).toBeLessThan(1000);
  await expect(unpack(bomb, 'a.gz', 99_999)).rejects.toThrow(
    /^a\.gz: unpacks to more than 99999 bytes: /,
  );
  expect(await unpack(bomb, 'a.gz', 100_000)).toHaveLength(100_000);
});

test('a packed report, however damaged, is read as it was or refused in one line', async () => {
  const whole = await pack(writeReport(RUN));
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), fc.boolean(), async (at, byte, cut) => {
      const changed = cut
        ? whole.slice(0, at)
        : Uint8Array.from(whole, (old, i) => (i === at ? byte : old));
      const read = await readPacked(changed, 'a.gz').catch((error: unknown) => error);
      if (read instanceof Error) expect(read).toBeInstanceOf(ReportError);
      else expect(read).toEqual(RUN);
    }),
    { numRuns: 200 },
  );
});

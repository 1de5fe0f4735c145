import { expect, test } from 'vitest';
import { PLAN, RUN } from '../../report/fixtures/reports.ts';
import { decodePayload } from '../../report/link/decode.ts';
import { encodeLink } from '../../report/link/encode.ts';
import { linkContents } from './link-contents.ts';
import { words as german } from './share.de.ts';
import { shareWords } from './share.en.ts';

const english = shareWords();

test('every part of a link is listed as the link itself holds it', async () => {
  const payload = await decodePayload(await encodeLink(RUN, PLAN, { device: 'ThinkPad T14' }));
  const contents = linkContents(payload, english.contents);
  expect(contents.map(({ part }) => part)).toEqual(Object.keys(payload));
  expect(Object.fromEntries(contents.map(({ part, value }) => [part, value]))).toMatchObject({
    tool: `${RUN.tool.version} (${RUN.tool.commit})`,
    planHash: RUN.run.planHash,
    statuses: '14 verdicts',
    settings:
      'tier quick, checks ops.matmul.* !*vector*, part 1/1, seed 42, standard time limits, complete, 0 retried, 0 in a hidden tab',
    environments: expect.stringContaining('swiftshader'),
    replayed: 'none',
    device: 'ThinkPad T14',
  });
  expect(linkContents(payload, german.contents).map(({ value }) => value)).toContain('14 Urteile');
});

test('each language has words for each deviation from the standard', () => {
  const standard = {
    tier: 'quick',
    filters: [],
    shard: '1/1',
    seed: 42,
    timeoutMs: undefined,
    options: [],
    complete: true,
    retried: 0,
    hidden: 0,
  } as const;
  const other = {
    tier: 'full',
    filters: ['a*'],
    shard: '1/2',
    seed: 1,
    timeoutMs: 5,
    options: ['--samples 5'],
    complete: false,
    retried: 2,
    hidden: 3,
  } as const;
  for (const share of [english, german]) {
    expect(share.deviations(standard)).toEqual([]);
    for (const key of Object.keys(other) as (keyof typeof other)[]) {
      expect(share.deviations({ ...standard, [key]: other[key] }), key).toHaveLength(1);
    }
  }
});

import { expect, test } from 'vitest';
import { PLAN, RUN } from '../../report/fixtures/reports.ts';
import { encodeLink } from '../../report/link/encode.ts';
import { pack } from '../../report/packed.ts';
import { writeReport } from '../../report/write.ts';
import { History } from '../history/history.ts';
import { MemoryShelf } from '../history/shelf.ts';
import { CompareSession, type Source } from './compare-session.ts';
import { comparisonAnswer, lineOfHead, restrictionsOf } from './compare-words.ts';
import { isReportFile } from './report-file.ts';

const newSession = () => {
  const history = new History(async () => new MemoryShelf());
  return { history, session: new CompareSession(history) };
};
const bytesOf = (text: string) => new TextEncoder().encode(text);
const file = (name = 'a.json', text = writeReport(RUN)): Source => ({
  kind: 'file',
  file: new File([text], name),
});

test('a kept run, a file and a link of one run do not differ', async () => {
  const { history, session } = newSession();
  await history.keep(RUN);
  await session.choose('before', { kind: 'run', id: RUN.run.id });
  expect(session.state.value.comparison).toBeUndefined();
  await session.choose('after', {
    kind: 'file',
    file: new File([await pack(writeReport(RUN))], 'a.json.gz'),
  });
  expect(session.state.value.comparison).toMatchObject({
    changes: [],
    inBoth: 14,
    differences: [],
  });
  // No plan can be fetched here, as from an unreleased build: cases are told by their place in it.
  const text = ` https://example.org/gradproof/#${await encodeLink(RUN, PLAN)}\n`;
  await session.choose('after', { kind: 'link', text });
  expect(session.state.value.after).toMatchObject({ phase: 'ready', source: { kind: 'link' } });
  expect(session.state.value.comparison?.inBoth).toBe(0);
  await session.choose('before', { kind: 'link', text });
  expect(session.state.value.comparison).toMatchObject({ changes: [], inBoth: 14 });
});

test('what cannot be read says why, and the other side stays', async () => {
  const { session } = newSession();
  await session.choose('before', file());
  for (const source of [
    file('b.json', '{}'),
    { kind: 'link', text: 'AAAA' },
    { kind: 'run', id: 'gone' },
  ] satisfies Source[]) {
    await session.choose('after', source);
    const { before, after } = session.state.value;
    expect([before.phase, after]).toEqual([
      'ready',
      { phase: 'failed', source, problem: expect.stringMatching(/^[^\n]{10,}$/) },
    ]);
  }
  await session.clear('after');
  expect(session.state.value.after.phase).toBe('empty');
});

test('sides are swapped, and a choice that came later stands', async () => {
  const { session } = newSession();
  await Promise.all([
    session.choose('before', file('first.json')),
    session.choose('before', file('later.json')),
  ]);
  expect(session.state.value.before).toHaveProperty('source.file.name', 'later.json');
  await session.swap();
  expect(session.state.value).toMatchObject({
    before: { phase: 'empty' },
    after: { phase: 'ready' },
  });
});

test('the address names runs, baselines and links, and nothing of files', async () => {
  const { history, session } = newSession();
  await history.keep(RUN);
  await session.follow({ before: `run/${RUN.run.id}` });
  await session.choose('after', file());
  expect(session.pair).toEqual({ before: `run/${RUN.run.id}` });
  await session.follow(session.pair);
  expect(session.state.value.comparison?.changes).toEqual([]);

  const fragment = await encodeLink(RUN, PLAN);
  await session.choose('after', { kind: 'link', text: ` https://example.org/#${fragment}\n` });
  expect(session.pair.after).toBe(`link/${fragment}`);
  const { session: other } = newSession();
  await other.follow({ after: `link/${fragment}` });
  expect(other.state.value.after.phase).toBe('ready');
  expect(other.pair).toEqual({ after: `link/${fragment}` });
});

test('a dropped file is a report if it says so or is packed', () => {
  expect(isReportFile('a.json', bytesOf(writeReport(RUN)))).toBe(true);
  expect(isReportFile('a.json', bytesOf('{"schema":"gradproof-expectations/1"}'))).toBe(false);
  expect(isReportFile('a.txt', bytesOf('gradproof-report/1'))).toBe(false);
});

test('says in words what changed, where, and what a run leaves out', async () => {
  const { session } = newSession();
  const [first] = RUN.results;
  if (!first) throw new Error('the recorded run is empty');
  const { control: _, ...rest } = first;
  const wrong = {
    ...rest,
    status: 'fail',
    error: { code: 'not-equal', message: 'y[0] is 2' },
  } as const;
  const results = [wrong, ...RUN.results.slice(1)];
  await session.choose('before', file());
  await session.choose(
    'after',
    file(
      'b.json',
      writeReport({ ...RUN, results, summary: { ...RUN.summary, passed: 13, failed: 1 } }),
    ),
  );
  const { before, after, comparison } = session.state.value;
  if (!comparison || before.phase !== 'ready' || after.phase !== 'ready')
    throw new Error('nothing was compared');
  expect(comparisonAnswer(comparison, before.snapshot, after.snapshot)).toMatchObject({
    tone: 'bad',
    headline: '1 check is newly wrong.',
  });
  const back = await session.swap().then(() => session.state.value.comparison);
  if (!back) throw new Error('nothing was compared');
  expect(comparisonAnswer(back, after.snapshot, before.snapshot)).toMatchObject({
    tone: 'good',
    headline: '1 check is newly right.',
  });
  expect(lineOfHead(RUN)).toMatch(
    /SwiftShader driver 5\.0\.0, a processor, Node\.js 20 · 14 right · only the cases /,
  );
  const whole = { tier: 'quick', filters: [], shard: '1/1', seed: 42, complete: true } as const;
  expect(restrictionsOf(whole)).toEqual([]);
  expect(restrictionsOf({ ...whole, tier: 'full', complete: false })).toEqual([
    'the run was not finished',
    'tier full instead of quick',
  ]);
  expect(restrictionsOf({ ...whole, filters: ['ops.nn.*\u202e'] })).toEqual([
    'only the cases ops.nn.* ',
  ]);
});

import { describe, expect, test } from 'vitest';
import { CHANGE_KINDS, type Change, type Comparison } from './compare.ts';
import { figures } from './fixtures/figures.ts';
import { compareExitCode, compareLines } from './lines.ts';
import type { CaseFigures } from './snapshot.ts';

const failed = figures('a:b', { status: 'fail', verdict: 'wrong', reason: 'too far' });
const change = (
  name: string,
  kinds: Change['kinds'],
  before: CaseFigures | undefined,
  after: CaseFigures | undefined,
): Change => ({ id: `a:${name}`, backend: 'webgpu', kinds, before, after });

const compared = (over: Partial<Comparison> = {}): Comparison => ({
  differences: [],
  changes: [],
  counts: Object.fromEntries(
    CHANGE_KINDS.map((kind, i) => [kind, 100 + i]),
  ) as Comparison['counts'],
  inBoth: 50,
  stillPassing: 40,
  timed: 0,
  ...over,
});
const timed = (medianMs: number, low: number, high: number) =>
  figures('a:b', { time: { medianMs, range: { low, high }, source: 'wall' } });
const used = (high: number) => figures('a:b', { boundUsed: { low: high / 2, high } });

describe('a comparison in lines', () => {
  test('is what differs around the cases, a line a finding, and the verdict last', () => {
    const lines = compareLines(
      compared({
        differences: [
          { what: 'adapter', before: '', after: 'Apple M2' },
          { what: 'tier', before: 'quick', after: '' },
        ],
        changes: [
          change('regressed', ['newly-wrong'], figures('a:b'), failed),
          change('fixed', ['newly-right'], failed, figures('a:b')),
          change('gone', ['only-before'], figures('a:b'), undefined),
          change('new', ['only-after'], undefined, failed),
          change('found', ['finding'], figures('a:b'), figures('a:b', { finding: 'flaky' })),
          change('lost', ['finding'], figures('a:b', { finding: 'odd' }), figures('a:b')),
          change('fast', ['faster'], timed(12.345, 12, 13), timed(1, -0.5, 1.5)),
          change('slow', ['slower'], timed(1, 0.9994, 1.5), timed(20, 19, 21)),
          change('near', ['accuracy'], used(0.25), used(0.12345)),
          change('both', ['slower', 'accuracy'], timed(1, 1, 1), {
            ...timed(2, 2, 2),
            ...{ boundUsed: { low: 1, high: 2 } },
          }),
        ].map((each) =>
          each.id === 'a:both'
            ? {
                ...each,
                before: { ...(each.before as CaseFigures), boundUsed: { low: 0, high: 1 } },
              }
            : each,
        ),
        timed: 7,
      }),
    );
    expect(lines).toEqual([
      'differs    adapter: none -> Apple M2',
      'differs    tier: quick -> none',
      'regression a:regressed webgpu: pass -> fail (too far)',
      'regression a:gone webgpu: pass -> missing',
      'fixed      a:fixed webgpu: fail -> pass',
      'new        a:new webgpu: missing -> fail (too far)',
      'finding    a:found webgpu: none -> flaky',
      'finding    a:lost webgpu: odd -> none',
      'slower     a:slow webgpu: 1.00 ms [0.999, 1.50] -> 20.0 ms [19.0, 21.0]',
      'slower     a:both webgpu: 1.00 ms [1.00, 1.00] -> 2.00 ms [2.00, 2.00]',
      'faster     a:fast webgpu: 12.3 ms [12.0, 13.0] -> 1.00 ms [0.00, 1.50]',
      'accuracy   a:near webgpu: 25.0 % -> 12.3 % of the bound',
      'accuracy   a:both webgpu: 100 % -> 200 % of the bound',
      '2 regressions, 1 fixed, 1 new, 40 still pass, 106 slower and 107 faster of 7 timed, 2 with another accuracy',
    ]);
  });

  test('lists ten changes of accuracy, and counts the others', () => {
    const changes = (count: number) =>
      Array.from({ length: count }, (_, i) => change(`${i}`, ['accuracy'], used(0.5), used(0.25)));
    const ten = compareLines(compared({ changes: changes(10) }));
    expect(ten).toHaveLength(11);
    expect(ten[0]).toContain('a:0 webgpu');
    const eleven = compareLines(compared({ changes: changes(11), timed: 1 }));
    expect(eleven.slice(9)).toEqual([
      'accuracy   a:9 webgpu: 50.0 % -> 25.0 % of the bound',
      'accuracy   1 more changed less',
      '0 regressions, 0 fixed, 0 new, 40 still pass, 106 slower and 107 faster of 1 timed, 11 with another accuracy',
    ]);
  });

  test('ends with 1 where anything regressed', () => {
    expect(compareExitCode(compared())).toBe(0);
    const regressed = change('x', ['newly-wrong'], figures('a:b'), failed);
    expect(compareExitCode(compared({ changes: [regressed] }))).toBe(1);
    const other = change('y', ['newly-right'], failed, figures('a:b'));
    expect(compareExitCode(compared({ changes: [other] }))).toBe(0);
  });
});

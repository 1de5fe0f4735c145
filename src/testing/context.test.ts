import { describe, expect, test } from 'vitest';
import type { Acceptance, Value } from '../reference/record.ts';
import { seam } from '../seam.ts';
import { Random } from '../tensor/random.ts';
import { AssertionError, CaseContext, newEvidence, SkipSignal } from './context.ts';

const contextOf = (ieee = true, details = false) =>
  new CaseContext({ ieee, seed: 1, injects: [] } as never, {}, newEvidence(details));
const of = (...data: readonly number[]): Value => ({
  shape: [data.length],
  data: Float64Array.from(data),
});
const within = (bound: readonly number[], typical?: readonly number[]): Acceptance => ({
  kind: 'within',
  bound: Float64Array.from(bound),
  ...(typical ? { typical: Float64Array.from(typical) } : {}),
});

test.each([
  [[1], [0], 'y[0] is 0 and should be 1; 1 of 1 element is wrong'],
  [[1, 2], [1, 0], 'y[1] is 0 and should be 2; 1 of 2 elements is wrong'],
  [[1, 2], [0, 0], 'y[0] is 0 and should be 1; 2 of 2 elements are wrong'],
])('what is wrong is counted: of %j it is %j', (right, got, message) => {
  expect(() => contextOf().expectEqual('y', of(...got), of(...right))).toThrow(message);
});

/** What an assertion throws that does not hold. */
function thrown(attempt: () => unknown): unknown {
  try {
    attempt();
    return undefined;
  } catch (error) {
    return error;
  }
}

describe('an assertion', () => {
  test('counts what it compared, elements that are marked left out', () => {
    const t = contextOf();
    t.expectEqual('y', of(1, 2, 3), of(1, 2, 3));
    t.expectAccepted('y', of(1, 9), of(1, 2), { kind: 'exact' }, Uint8Array.of(0, 1));
    t.expect(true, () => 'never');
    expect(t.evidence.assertions).toBe(5);
  });

  test('that does not hold says so by its code, with the element', () => {
    const t = contextOf();
    expect(thrown(() => t.expect(false, () => 'no', 'own-code'))).toMatchObject({
      code: 'own-code',
      message: 'no',
    });
    expect(thrown(() => t.expect(false, () => 'no'))).toMatchObject({ code: 'expectation' });
    expect(thrown(() => t.expectEqual('y', of(1, 5), of(1, 2)))).toMatchObject({
      code: 'not-equal',
      at: { index: [1], actual: 5, expected: 2 },
    });
    const far = thrown(() => t.expectAccepted('y', of(Number.NaN), of(1), within([1])));
    expect(far).toBeInstanceOf(AssertionError);
    expect(far).toMatchObject({ code: 'out-of-bound' });
    expect((far as Error).message).toContain('y[0] is not finite and should be 1');
    expect(thrown(() => t.expectEqual('y', of(1), of(1, 1)))).toMatchObject({
      code: 'wrong-shape',
      message: 'y has shape 1 and should have 2',
    });
    expect(t.evidence.assertions).toBe(0);
  });

  test('of an error that is legal and not typical fails only where rounding is to nearest', () => {
    const attempt = (ieee: boolean, error: number) => () =>
      contextOf(ieee).expectAccepted('y', of(1 + error), of(1), within([1], [0.25]));
    expect(thrown(attempt(true, 0.5))).toMatchObject({ code: 'untypical' });
    expect(attempt(true, 0.25)).not.toThrow();
    expect(attempt(false, 0.5)).not.toThrow();
  });

  test('names the call that gave the wrong element, and no other', () => {
    const t = contextOf();
    const call = { name: 'y' } as never;
    expect(
      t.judgingCall(
        () => call,
        () => 7,
      ),
    ).toBe(7);
    const noElement = () =>
      t.judgingCall(
        () => call,
        () => t.expect(false, () => 'no'),
      );
    expect(noElement).toThrow('no');
    expect(t.evidence.failedCall).toBeUndefined();
    const wrong = () =>
      t.judgingCall(
        () => call,
        () => t.expectEqual('y', of(1), of(2)),
      );
    expect(wrong).toThrow('should be 2');
    expect(t.evidence.failedCall).toBe(call);
  });
});

test('an error that is not typical is told in two digits', () => {
  const attempt = () => contextOf().expectAccepted('y', of(1 + 0.5), of(1), within([1], [0.375]));
  expect(attempt).toThrow(
    'y is within its legal bound, but errs 1.3 times what is typical: it accumulates like truncation',
  );
});

test('what is examined is what is judged, marked elements left out', () => {
  const t = contextOf(true, true);
  t.expectAccepted('y', of(1, 9, 3), of(1, 2, 3), { kind: 'exact' }, Uint8Array.of(0, 1, 0));
  expect(t.evidence.examined).toMatchObject([{ name: 'y', compared: 2, wrong: 0 }]);
  expect(() => t.expectEqual('z', of(5), of(6))).toThrow();
  expect(t.evidence.examined?.[1]?.around).toMatchObject([[{ actual: 5, expected: 6 }]]);
});

test('a context of its own has evidence of its own, without anything examined', () => {
  const environment = { ieee: true, seed: 3, injects: [], gpu: { name: 'a' } } as never;
  const [one, other] = [new CaseContext(environment), new CaseContext(environment)];
  one.expect(true, () => 'never');
  expect([one.evidence.assertions, other.evidence.assertions]).toEqual([1, 0]);
  expect(other.evidence).toEqual({
    examined: undefined,
    assertions: 0,
    accuracy: undefined,
    timing: undefined,
    finding: undefined,
    failedCall: undefined,
    reruns: undefined,
    metrics: {},
    series: {},
    artifacts: [],
    kept: [],
  });
  expect([one.params, one.gpu, one.seed, one.ieee]).toEqual([{}, { name: 'a' }, 3, true]);
});

describe('the accuracy of a case', () => {
  const first = () => {
    const t = contextOf(false);
    t.expectAccepted('a', of(2.5), of(2), within([2], [1]));
    return t;
  };

  test('is that of its worst output in each measure', () => {
    const t = first();
    const alone = { maxAbs: 0.5, maxRel: 0.25, maxUlp: 2 ** 21, boundUsed: 0.25, typicalUsed: 0.5 };
    expect(t.evidence.accuracy).toEqual(alone);
    t.expectAccepted('b', of(8.25), of(8), within([0.5], [1]));
    expect(t.evidence.accuracy).toEqual({ ...alone, boundUsed: 0.5 });
    t.expectAccepted('c', of(1.75), of(1), within([9], [1]));
    expect(t.evidence.accuracy).toEqual({
      maxAbs: 0.75,
      maxRel: 0.75,
      maxUlp: 0.75 * 2 ** 23,
      boundUsed: 0.5,
      typicalUsed: 0.75,
    });
  });

  test('keeps the typical error where that of others is not known', () => {
    const t = first();
    t.expectAccepted('b', of(1), of(1), within([1]));
    expect(t.evidence.accuracy?.typicalUsed).toBe(0.5);
    const other = contextOf(false);
    other.expectAccepted('b', of(1), of(1), within([1]));
    expect(other.evidence.accuracy?.typicalUsed).toBeNull();
    other.expectAccepted('a', of(2.5), of(2), within([2], [1]));
    expect(other.evidence.accuracy?.typicalUsed).toBe(0.5);
  });

  test('keeps a typical error that is smaller than others of another output', () => {
    const near = within([9], [3]);
    const t = contextOf(false);
    t.expectAccepted('a', of(2.5), of(1), near);
    t.expectAccepted('b', of(1), of(1), within([1]));
    expect(t.evidence.accuracy).toMatchObject({ maxAbs: 1.5, maxRel: 1.5, typicalUsed: 0.5 });
    const other = contextOf(false);
    other.expectAccepted('b', of(7), of(4), within([9]));
    other.expectAccepted('a', of(2.5), of(1), near);
    expect(other.evidence.accuracy).toMatchObject({ maxAbs: 3, typicalUsed: 0.5 });
  });

  test('has no number once an error had none', () => {
    const t = first();
    expect(() => t.expectAccepted('b', of(Number.NaN), of(1), within([1], [1]))).toThrow();
    t.expectAccepted('c', of(1), of(1), within([1], [1]));
    const nothing = { maxAbs: null, maxRel: null, maxUlp: null, boundUsed: null };
    expect(t.evidence.accuracy).toMatchObject(nothing);
  });
});

test('what a case records is in its evidence', () => {
  const t = contextOf(true, true);
  t.expectEqual('y', of(1), of(1));
  t.metric('share', 0.5);
  t.metric('endless', Number.POSITIVE_INFINITY);
  t.series('loss', [2, Number.NaN, 1]);
  t.artifact('a.bin', Uint8Array.of(7));
  const timing = { source: 'wall', quantumNs: 1, samples: 9, coldMs: 4, medianMs: 2 } as const;
  t.timing({ ...timing, minMs: 1, ciMs: [1, 3] });
  t.keep(Uint8Array.of(8));
  t.finding('odd', 'it is odd');
  expect(t.evidence).toMatchObject({
    examined: [{ name: 'y', compared: 1 }],
    metrics: { share: 0.5, endless: null },
    series: { loss: [2, null, 1] },
    timing: { coldMs: 4, medianMs: 2 },
    artifacts: [{ name: 'a.bin' }],
    finding: { code: 'odd', message: 'it is odd' },
  });
  expect(t.evidence.finding).not.toHaveProperty('at');
  expect([...(t.evidence.kept[0] as Uint8Array)]).toEqual([8]);
  t.finding('odd', 'here', { index: [1], actual: 0, expected: 1 });
  expect(t.evidence.finding?.at?.index).toEqual([1]);
  expect(newEvidence().examined).toBeUndefined();
  expect(thrown(() => t.skip('why', 'because'))).toBeInstanceOf(SkipSignal);
});

test('streams of random numbers differ, and repeat with the seed', () => {
  const t = contextOf();
  const words = [t.random(), t.random(1), t.random(0)].map((random) => random.word());
  expect(words[0]).toBe(words[2]);
  expect(words[0]).not.toBe(words[1]);
  const seventh = new CaseContext({ ieee: true, seed: 7, injects: [] } as never);
  expect(seventh.random(3).word()).toBe(new Random(7, 3).word());
  const other = t.withParams({ axis: 1 });
  other.expect(true, () => 'never');
  expect([other.params.axis, other.seed, t.evidence.assertions]).toEqual([1, 1, 1]);
});

const doubled = seam('context.test.doubled', (x: number) => 2 * x);

test('a case breaks what it declares, and nothing else', () => {
  const wrap = () => () => 7;
  const fault = { host: { seam: 'context.test.doubled', wrap } };
  const other = { host: { seam: 'context.test.other', wrap } };
  const t = new CaseContext({ ieee: true, seed: 1, injects: [fault] } as never);
  {
    using injector = t.injector();
    injector.inject(fault);
    expect(doubled(1)).toBe(7);
    expect(() => injector.inject(other)).toThrow('does not declare it');
  }
  expect(doubled(1)).toBe(2);
});

import { expect, test } from 'vitest';
import { Random } from '../../tensor/random.ts';
import { Pace, spoken } from './pace.ts';

/**
 * A run of cases whose times are drawn around 100 ms, and some take ten times as long; what
 * `remaining` says after `done` of them.
 */
function forecast(seed: number, done: number, left: number) {
  const random = new Random(seed);
  const draw = () => (random.uniform() < 0.1 ? 1000 : 50 + 100 * random.uniform());
  const pace = new Pace(0);
  let now = 0;
  for (let i = 0; i < done; i++) {
    now += draw();
    pace.add(now);
  }
  const truth = Array.from({ length: left }, draw).reduce((a, b) => a + b);
  return { span: pace.remaining(left), truth };
}

test('says nothing before there is something to go by, nor at the end', () => {
  expect(forecast(1, 5, 100).span).toBeUndefined();
  const pace = new Pace(0);
  for (let i = 1; i <= 50; i++) pace.add(i);
  expect(pace.remaining(0)).toBeUndefined();
});

test('about eight of ten spans hold the true remaining time', () => {
  const runs = Array.from({ length: 200 }, (_, seed) => forecast(seed, 200, 800));
  const held = runs.filter(
    ({ span, truth }) => span && span.low <= truth && truth <= span.high,
  ).length;
  expect(held).toBeGreaterThan(110);
  expect(held).toBeLessThan(195);
});

test('an even pace has a narrow span', () => {
  const pace = new Pace(0);
  for (let i = 1; i <= 100; i++) pace.add(i * 100);
  expect(pace.remaining(50)).toEqual({ low: expect.closeTo(5000), high: expect.closeTo(5000) });
});

test('is spoken in the unit of its end', () => {
  expect(spoken({ low: 19_600, high: 34_700 })).toEqual({ low: 20, high: 35, unit: 'second' });
  expect(spoken({ low: 50_000, high: 170_000 })).toEqual({ low: 1, high: 3, unit: 'minute' });
  expect(spoken({ low: 10, high: 20 })).toEqual({ low: 1, high: 1, unit: 'second' });
});

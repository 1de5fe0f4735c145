import { expect, test } from 'vitest';
import { bridgeItems } from '../report/equipment.ts';
import { bridgeProblem, NoPythonError } from './bridge.ts';

test('what makes the environment of the bridge is said once', () => {
  const missing = new NoPythonError();
  expect(missing.message).toContain('npm run bridge:setup -- --minimal makes one');
  const [item] = bridgeItems({ problem: bridgeProblem(missing) });
  expect(`${item?.found}; ${item?.fix}`.match(/makes one/g)).toHaveLength(1);
  expect(item?.found).toBe('no Python environment yet');
  expect(bridgeProblem(new Error('it does not start'))).toBe('it does not start');
});

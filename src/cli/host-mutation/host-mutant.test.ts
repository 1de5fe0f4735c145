import { expect, test } from 'vitest';
import { hostMutantId } from './host-mutant.ts';

test('an id names the path with dots, operator, line and count', () => {
  const place = { file: 'src/train/loss-scaler.ts', line: 12, n: 3 };
  expect(hostMutantId({ ...place, operator: 'swap-stages' })).toBe(
    'mutate.host.src.train.loss-scaler:swap-stages;line=12;n=3',
  );
});

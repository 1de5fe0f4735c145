import { records } from '../../reference/registry.ts';
import { testNumbersOf } from './fixtures/numbers.ts';

testNumbersOf([...records.values()].filter(({ family }) => family === 'nn'));

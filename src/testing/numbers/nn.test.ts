import { testNumbersOf } from './fixtures/numbers.ts';

testNumbersOf('nn');

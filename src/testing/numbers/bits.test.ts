import { testNumbersOf } from './fixtures/numbers.ts';

testNumbersOf('bits');

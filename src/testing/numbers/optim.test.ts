import { testNumbersOf } from './fixtures/numbers.ts';

testNumbersOf('optim');

import { testLaunchesOfSamples } from '../fixtures/launches-of-samples.ts';

testLaunchesOfSamples('quant');

import { minimum as signature } from '../../vocabulary/math/minimum.ts';
import { binaryRecord, binarySimulation } from './binary.ts';
import { extremum } from './extremum.ts';

const truth = extremum({ symbol: 'minimum', pick: 'min', word: 'smaller' });

/** torch.minimum. */
export const record = binaryRecord(signature, truth);
export const simulation = binarySimulation(signature, truth);

import { maximum as signature } from '../../vocabulary/math/maximum.ts';
import { binaryRecord, binarySimulation } from './binary.ts';
import { extremum } from './extremum.ts';

const truth = extremum({ symbol: 'maximum', pick: 'max', word: 'larger' });

/** torch.maximum. */
export const record = binaryRecord(signature, truth);
export const simulation = binarySimulation(signature, truth);

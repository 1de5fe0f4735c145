import { signature } from '../signature.ts';
import { pool, pooling } from './pooling.ts';

/** The mean of each window. */
export const avgPool2d = signature({ family: 'conv', name: 'avg_pool2d' }, pool, pooling);

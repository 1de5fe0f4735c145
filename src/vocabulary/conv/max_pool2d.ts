import { index } from '../rules.ts';
import { signature } from '../signature.ts';
import { pool, pooled, pooling } from './pooling.ts';

/** The largest element of each window. */
export const maxPool2d = signature({ family: 'conv', name: 'max_pool2d' }, pool, {
  ...pooling,
  saved: { indices: index(pooled) },
});

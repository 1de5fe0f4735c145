import type { ShardingStrategy } from '../../train/sharded/strategies.ts';
import { units } from '../messages/units.en.ts';
import { words } from '../messages/words.ts';

const { bytes, number, count } = units;
const workers = (n: number) => count(n, { one: 'worker', other: 'workers' });
const strategies: Readonly<Record<ShardingStrategy, string>> = {
  ddp: 'all of it (DDP)',
  shard_grad_op: 'part of gradients and state (SHARD_GRAD_OP)',
  full_shard: 'part of everything (FULL_SHARD)',
};

/** Workers that train one model together. */
export const workersWords = words('workers', {
  label: 'Workers that train together',
  count: (n: number) => (n === 1 ? '1, by itself' : number(n)),
  each: 'Each of them holds',
  strategies,
  share: (n: number) =>
    `Each has a device of its own on this adapter, so they share its speed and memory. A step has ${number(n)} micro-batches at least (gradient_accumulation_steps), which they share.`,
  unshared:
    'They exchange messages, since this page is not cross-origin isolated: a part of everything (FULL_SHARD) takes memory that they share.',
  shared: (n: number, strategy: ShardingStrategy) =>
    `${workers(n)}; each holds ${strategies[strategy]}.`,
  peaks: 'Memory of each worker, highest so far',
  peakOf: (rank: number, size: number) => `${number(rank)}: ${bytes(size)}`,
});

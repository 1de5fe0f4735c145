import { words as units } from '../messages/units.de.ts';
import type { workersWords } from './workers.en.ts';

const { bytes, number } = units;
const strategies = {
  ddp: 'alles (DDP)',
  shard_grad_op: 'Teile von Gradienten und Zustand (SHARD_GRAD_OP)',
  full_shard: 'einen Teil von allem (FULL_SHARD)',
};

export const words: ReturnType<typeof workersWords> = {
  label: 'Arbeiter, die gemeinsam trainieren',
  count: (n) => (n === 1 ? '1, allein' : number(n)),
  each: 'Jeder von ihnen hält',
  strategies,
  share: (n) =>
    `Jeder hat ein eigenes Gerät auf diesem Adapter, sie teilen sich also dessen Tempo und Speicher. Ein Schritt hat mindestens ${number(n)} Teilstapel (gradient_accumulation_steps), die sie sich teilen.`,
  unshared:
    'Sie tauschen Nachrichten aus, da diese Seite nicht cross-origin-isoliert ist: Ein Teil von allem (FULL_SHARD) braucht Speicher, den sie teilen.',
  shared: (n, strategy) => `${number(n)} Arbeiter; jeder hält ${strategies[strategy]}.`,
  peaks: 'Speicher jedes Arbeiters, bisher höchstens',
  peakOf: (rank, size) => `${number(rank)}: ${bytes(size)}`,
};

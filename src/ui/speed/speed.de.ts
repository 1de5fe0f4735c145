import type { speedWords } from './speed.en.ts';

export const words: ReturnType<typeof speedWords> = {
  measure: 'Tempo messen',
  measuring: 'Das Tempo wird gemessen, etwa zehn Sekunden …',
  measureFailed: (reason) => `Das Tempo ließ sich nicht messen: ${reason}`,
};

import type { copyWords } from './copy.en.ts';

export const words: ReturnType<typeof copyWords> = {
  copied: 'Kopiert.',
};

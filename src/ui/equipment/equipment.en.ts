import { EQUIPMENT_WORDS } from '../../report/equipment/words.ts';
import { words } from '../messages/words.ts';

/** What this computer has and lacks, piece by piece. */
export const equipmentWords = words('equipment', {
  title: 'What is here, piece by piece',
  caption: 'As this browser tells it, without computing anything.',
  what: 'What',
  here: 'Here',
  todo: 'What to do',
  words: EQUIPMENT_WORDS,
});

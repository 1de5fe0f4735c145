import { headlineWords } from '../../report/headlines.ts';
import { words } from '../messages/words.ts';

/** How each library did. */
export const headlinesWords = words('headlines', {
  list: 'Libraries',
  headline: headlineWords,
});

import type { Tier } from '../../report/tiers.ts';
import { units } from '../messages/units.en.ts';
import { words } from '../messages/words.ts';
import type { OtherTier } from './choice.ts';

/** Why nothing is run. */
export const choiceWords = words('choice', {
  nothingChosen: (query: string) =>
    `No check matches “${query}”, so nothing ran: the details tell why.`,
  /** Only checks of another tier match. */
  otherTier: (query: string, own: Tier, { tier, found }: OtherTier) =>
    `No check of tier ${own} matches “${query}”; of tier ${tier}, ${units.count(found, { one: 'check does', other: 'checks do' })}.`,
  takeTier: (tier: Tier) => `Choose tier ${tier}`,
});

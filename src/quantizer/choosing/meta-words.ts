import type { MetaChoice } from '../method.ts';

/** What of a scheme is codes of 8 bits in turn, as it stands in an id. */
export const metaLabel = ({
  quantZero,
  quantScale,
}: MetaChoice): Readonly<Record<string, boolean>> => ({
  ...(quantZero ? { quant_zero: true } : {}),
  ...(quantScale ? { quant_scale: true } : {}),
});

/** The same behind the name of the method, for people: ` zero8 scale8`. */
export const metaWords = ({ quantZero, quantScale }: MetaChoice): string =>
  `${quantZero ? ' zero8' : ''}${quantScale ? ' scale8' : ''}`;

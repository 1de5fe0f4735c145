import type { Choice } from '../method.ts';

type Told = Pick<Choice, 'activations' | 'quantZero' | 'quantScale'>;

/** What products round x to, and what of a scheme is codes of 8 bits in turn, as they stand in an id. */
export const metaLabel = ({
  activations,
  quantZero,
  quantScale,
}: Told): Readonly<Record<string, string | boolean>> => ({
  ...(activations ? { activations } : {}),
  ...(quantZero ? { quant_zero: true } : {}),
  ...(quantScale ? { quant_scale: true } : {}),
});

/** The same behind the name of the method, for people: ` x qint8`, ` zero8 scale8`. */
export const metaWords = ({ activations, quantZero, quantScale }: Told): string =>
  `${activations ? ` x ${activations}` : ''}${quantZero ? ' zero8' : ''}${quantScale ? ' scale8' : ''}`;

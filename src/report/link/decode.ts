import { messageOf } from '../../errors.ts';
import { planHash } from '../plan.ts';
import { unseal } from './container.ts';
import { damaged, LinkError } from './error.ts';
import { readPayload } from './fields.ts';
import { LINK_STATUSES, type LinkPayload, type LinkStatus } from './payload.ts';

/** A case of the plan as a link tells it. */
export interface LinkedCase {
  /** Place in the plan, from 0; all that is known of a case when the plan is not. */
  readonly position: number;
  readonly id: string | undefined;
  readonly backend: string | undefined;
  readonly status: LinkStatus;
  /**
   * Share of the bound that was used, up to 9 % too large; Infinity beyond 90 bounds, undefined
   * where nothing was measured.
   */
  readonly boundUsed: number | undefined;
  /** Up to 9 % too large; undefined where nothing was timed. */
  readonly medianMs: number | undefined;
  /** Index into `environments`; undefined if it did not run. */
  readonly env: number | undefined;
}

/** What a link tells, without the columns that its cases were made of. */
export interface DecodedLink
  extends Omit<LinkPayload, 'statuses' | 'accuracies' | 'speeds' | 'places'> {
  /** All cases of the plan, in its order. */
  readonly cases: readonly LinkedCase[];
  /** How many cases of the plan have which status. */
  readonly counts: Readonly<Record<LinkStatus, number>>;
  /** Why the cases have no ids: the plan is unknown here, or is another one. */
  readonly planProblem: LinkError | undefined;
}

/**
 * All that the bytes of a link's fragment say, without its plan. Throws {@link LinkError} as
 * {@link decodeLink}.
 */
export async function decodePayload(fragment: string): Promise<LinkPayload> {
  return readPayload(await unseal(fragment));
}

/**
 * Gives the text of the plan with this hash (public/plans/<hash>.txt), undefined if there is none.
 */
export type LoadPlan = (hash: string) => Promise<string | undefined>;

/**
 * Reads a share link's fragment, with or without its `#`. Every byte is taken for hostile: size,
 * inflated size, counts, texts and the plan's hash are checked. A plan that cannot be had costs the
 * ids and is told in `planProblem`. Throws {@link LinkError} in one line: damaged, too long, or too
 * new.
 */
export async function decodeLink(fragment: string, loadPlan: LoadPlan): Promise<DecodedLink> {
  const { statuses, accuracies, speeds, places, ...rest } = await decodePayload(fragment);
  const plan = await knownPlan(rest.planHash, loadPlan);
  if (Array.isArray(plan) && plan.length !== statuses.length)
    throw damaged(`it has ${statuses.length} cases, its plan ${plan.length}`);
  let ran = 0;
  const cases = statuses.map((status, position): LinkedCase => {
    const [id, backend] =
      (plan instanceof LinkError ? undefined : plan[position])?.split(' ') ?? [];
    if (status === 'not-run')
      return {
        position,
        id,
        backend,
        status,
        boundUsed: undefined,
        medianMs: undefined,
        env: undefined,
      };
    const column = ran++;
    return {
      position,
      id,
      backend,
      status,
      boundUsed: accuracies[column],
      medianMs: speeds[column],
      env: places[column] ?? 0,
    };
  });
  const counts = Object.fromEntries(
    LINK_STATUSES.map((one) => [one, statuses.filter((status) => status === one).length]),
  ) as Record<LinkStatus, number>;
  const planProblem = plan instanceof LinkError ? plan : undefined;
  return { cases, counts, planProblem, ...rest };
}

/** The plan's lines, or why there are none. */
async function knownPlan(hash: string, loadPlan: LoadPlan): Promise<readonly string[] | LinkError> {
  const unknown = (why: string, cause?: unknown) =>
    new LinkError(
      'link-plan-unknown',
      `the list of cases ${hash.slice(0, 12)} is not known here (${why}): only counts are shown`,
      {
        cause,
      },
    );
  try {
    const text = await loadPlan(hash);
    if (text === undefined) return unknown('no such plan');
    return (await planHash(text)) === hash
      ? text.split('\n').slice(0, -1)
      : unknown('its text is another one');
  } catch (thrown) {
    return unknown(messageOf(thrown), thrown);
  }
}

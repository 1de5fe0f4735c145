import { GradproofError } from '../../errors.ts';

/** Why a link cannot be made or shown. */
export type LinkErrorCode =
  | 'link-damaged'
  | 'link-too-new'
  | 'link-too-long'
  | 'link-without-plan'
  | 'link-plan-unknown'
  | 'link-plan-mismatch'
  | 'link-case-unknown'
  | 'link-case-repeated';

/**
 * A share link that cannot be made or shown; the message is one line for the person who clicked.
 */
export class LinkError extends GradproofError {
  constructor(code: LinkErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/**
 * The error of a link that was cut, edited or invented. `what` says where it stopped to make sense.
 */
export function damaged(what: string, cause?: unknown): LinkError {
  return new LinkError('link-damaged', `this link is damaged (${what}): copy it again in full`, {
    cause,
  });
}

/** The error of a result that is too large for a link. */
export function tooLong(what: string): LinkError {
  return new LinkError(
    'link-too-long',
    `the result does not fit a link (${what}): save the report instead`,
  );
}

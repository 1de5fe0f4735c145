import { css } from 'lit';

/**
 * A `.bar` with the button that begins: in sight however far a person scrolled above it. Its view and
 * what has it are no boxes, so that what stands above both is a part of what it sticks to.
 */
export const startBar = css`
  :host,
  .choices {
    display: contents;
  }
  .choices > * {
    max-width: var(--column);
  }
  .bar {
    display: flex;
    flex-wrap: wrap;
    gap: var(--space-2) var(--space-4);
    align-items: center;
    justify-content: space-between;
    padding-block: var(--space-3);
    background: var(--page);
  }
  /* Room for the longest sentence, so that nothing moves when it is known. */
  .bar > p {
    flex: 1 1 16rem;
    min-block-size: 2lh;
  }
  @media (max-width: 34rem) {
    .bar > p {
      min-block-size: 3lh;
    }
  }
  /* In a low window, and on paper, it would cover too much. */
  @media screen and (min-height: 30rem) {
    .bar {
      position: sticky;
      inset-block-end: 0;
      z-index: 1;
      border-block-start: 1px solid var(--line);
    }
  }
`;

/**
 * Scrolls the first of some elements to the top of the window, unless all of them are wholly in it.
 * Nothing glides, since what is around them has just changed, and the focus stays where it is.
 */
export function bringInSight(...elements: readonly Element[]): void {
  const isSeen = (element: Element) => {
    const { top, bottom } = element.getBoundingClientRect();
    return top >= 0 && bottom <= window.innerHeight;
  };
  if (!elements.every(isSeen)) elements[0]?.scrollIntoView({ block: 'start', behavior: 'instant' });
}

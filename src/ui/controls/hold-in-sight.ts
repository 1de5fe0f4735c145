/** By these a person moves on. */
const MOVES = ['wheel', 'touchmove', 'pointerdown', 'keydown'] as const;

/**
 * Scrolls an element to the top of the window once it is laid out, and again whenever the page
 * grows or shrinks around it, until the person moves on. Returns what ends that.
 */
export function holdInSight(element: Element): () => void {
  const moves = new AbortController();
  const layout = new ResizeObserver(() => element.scrollIntoView({ block: 'start' }));
  const leave = () => {
    layout.disconnect();
    moves.abort();
  };
  for (const move of MOVES)
    window.addEventListener(move, leave, { capture: true, passive: true, signal: moves.signal });
  layout.observe(document.body);
  return leave;
}

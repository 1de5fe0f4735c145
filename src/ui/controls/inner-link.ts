/** Goes where a link of the page leads, unless the person asked for a tab or window of its own. */
export function followInside(event: MouseEvent, go: () => void): void {
  if (event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  go();
}

/**
 * Single-key shortcuts: a key presses the control that names it in `aria-keyshortcuts`, wherever
 * that stands and while it is shown. So a screen reader tells the key of a control, and no list of
 * actions has to be kept.
 */

const KEPT = 'gradproof.shortcuts';

/**
 * Whether shortcuts of one key are on; a person who dictates or whose hand trembles turns them off
 * (WCAG 2.1.4).
 */
export function shortcutsOn(): boolean {
  try {
    return localStorage.getItem(KEPT) !== 'off';
  } catch {
    return true;
  }
}

/** Turns them on or off, here and on the next visit where the browser keeps that. */
export function turnShortcuts(on: boolean): void {
  try {
    localStorage.setItem(KEPT, on ? 'on' : 'off');
  } catch {
    // Without storage they are what they were before the next visit.
  }
}

/** What a key event tells. */
type Press = Pick<
  KeyboardEvent,
  'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'repeat' | 'isComposing' | 'defaultPrevented'
>;

/**
 * The key of a shortcut as `aria-keyshortcuts` writes it, or undefined: with a modifier it belongs
 * to browser or system.
 */
export function shortcutOf({
  key,
  ctrlKey,
  metaKey,
  altKey,
  repeat,
  isComposing,
  defaultPrevented,
}: Press): string | undefined {
  if (ctrlKey || metaKey || altKey || repeat || isComposing || defaultPrevented) return undefined;
  return /^[a-z0-9/?]$/i.test(key) ? key.toLowerCase() : undefined;
}

/** Whether keys are typed into what has the focus. */
export function takesKeys(target: EventTarget | undefined): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.matches('textarea, select')) return true;
  return (
    target instanceof HTMLInputElement &&
    !['checkbox', 'radio', 'button', 'file', 'range', 'color'].includes(target.type)
  );
}

/**
 * The control that is shown and names `key`, in `root` or any shadow root below; of an open modal
 * dialog nothing outside counts.
 */
export function controlFor(key: string, root: ParentNode): HTMLElement | undefined {
  const elements = [...below(root)];
  const modal = elements.find((element) => element.matches('dialog:modal'));
  return (modal ? [...below(modal)] : elements).find((element): element is HTMLElement => {
    const named = element.getAttribute('aria-keyshortcuts')?.toLowerCase().split(' ').includes(key);
    return named === true && element instanceof HTMLElement && element.checkVisibility();
  });
}

/** All elements below `root`, into every shadow root. */
function* below(root: ParentNode): Generator<Element> {
  for (const element of root.querySelectorAll('*')) {
    yield element;
    if (element.shadowRoot) yield* below(element.shadowRoot);
  }
}

/** Presses a control: a field gets the focus, anything else is clicked. */
export function press(control: HTMLElement): void {
  if (takesKeys(control)) control.focus();
  else control.click();
}

import { firstLanguage, speak } from '../messages/language.ts';

await speak(firstLanguage());
const { AppElement } = await import('./app-element.ts');
// Reading the modules took its share of this task; the first look is another one.
await new Promise((resolve) => setTimeout(resolve));
customElements.define('gp-app', AppElement);

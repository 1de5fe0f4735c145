import { nextTask } from '../../harness/next-task.ts';
import { firstLanguage, speak } from '../messages/language.ts';
import { AppElement } from './app-element.ts';

await speak(firstLanguage());
// Reading the modules took its share of this task; the first look is another one.
await nextTask();
customElements.define('gp-app', AppElement);

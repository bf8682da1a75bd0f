import { render } from 'preact';
import { Demo } from './model/demo.ts';
import { App } from './view/app.tsx';

const root = document.getElementById('app');
if (root === null) throw new Error('the page has no place for the demo');
const demo = new Demo();
// A closed tab leaves at once, and not only when the server has waited for it to come back.
addEventListener('pagehide', () => void demo.leave());
render(<App demo={demo} />, root);

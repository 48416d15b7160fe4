import { render } from 'preact';
import { App } from './app.js';
import { startKeyboard } from './keyboard.js';
import { startRouter } from './router.js';
import { startStore } from './store.js';
import { startTheme } from './theme.js';

startTheme();
startRouter();
startKeyboard();
startStore();
const root = document.getElementById('app');
if (root !== null) render(<App />, root);

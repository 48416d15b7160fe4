import { openEarly } from './live-socket.js';
import { applyTheme, storedTheme } from './stored-theme.js';

// All that must not wait, and nothing else: this little file runs before the first paint, the rest of the page after it.
applyTheme(storedTheme());
openEarly();
// The verdict stands in the document already; on every page but the overview it is a line above the page.
document.querySelector('.verdict')?.classList.toggle('compact', /^#\/?[^?]/.test(location.hash));
import('./app.js').then(
  ({ startApp }) => startApp(),
  () => {
    // A sentence that never changes again must not look like news.
    const sentence = document.querySelector('.sentence');
    if (sentence !== null) sentence.textContent = "The page's code could not be loaded. Reload the page.";
  },
);
